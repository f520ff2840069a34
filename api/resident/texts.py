"""The words of the residents' pages, in both languages."""

from __future__ import annotations

from cases.residents.reported import Language

_TEXTS: dict[str, tuple[str, str]] = {
    "city_watch": ("城市管理热线", "City care"),
    "other_language": ("English", "中文"),
    # the report's page
    "your_report": ("您反映的问题", "What you reported"),
    "number": ("编号", "Number"),
    "received": ("收到时间", "Received"),
    "place": ("位置", "Place"),
    "no_place": ("未填写", "not given"),
    "now": ("目前进展", "Where it is now"),
    "due": ("承诺办结时间", "To be done by"),
    "was_due": ("承诺办结时间", "Was to be done by"),
    "unit": ("负责单位", "In charge"),
    "others": ("同一问题的反映", "Reports of the same matter"),
    "steps": ("办理过程", "What happened"),
    "result": ("办理结果", "What was done"),
    "reason": ("说明", "Why"),
    "result_photos": ("处理后的照片", "Photos of what was done"),
    "your_words": ("您的描述", "Your words"),
    "your_photos": ("您的照片", "Your photos"),
    "photo": ("照片", "Photo"),
    "again": (
        "您反映问题未解决，案件已重新办理。",
        "You said that it was not mended; it has been taken up again.",
    ),
    "rate": ("您对办理结果满意吗？", "Are you satisfied with what was done?"),
    "rate_1": ("很不满意", "not at all"),
    "rate_2": ("不满意", "no"),
    "rate_3": ("一般", "partly"),
    "rate_4": ("满意", "yes"),
    "rate_5": ("很满意", "very much"),
    "rate_send": ("提交评价", "Send"),
    "rated": ("您的评价", "Your answer"),
    "not_fixed": ("问题没有解决？", "Not mended?"),
    "not_fixed_until": ("在此之前可以要求重新办理：", "You can have it taken up again until"),
    "not_fixed_send": ("没有解决，请重新办理", "It is not mended: take it up again"),
    "keep": (
        "请保存本页网址：凭此网址查看进展，无需登录。",
        "Keep the address of this page: it is how you can follow your report.",
    ),
    "forget": ("删除我的联系方式", "Delete my name and number"),
    "forget_why": (
        "删除后我们无法再与您联系，案件照常办理。",
        "We cannot reach you after that; the matter goes on as before.",
    ),
    "forgotten": ("您的联系方式已删除。", "What we knew of you has been deleted."),
    "not_found": ("没有找到这条反映", "There is no such report"),
    "not_found_why": (
        "请核对网址是否完整。",
        "Please check that the address is complete.",
    ),
    # the form
    "report": ("反映问题", "Report a problem"),
    "report_intro": (
        "路灯不亮、井盖跳响、垃圾未清、道路破损……请告诉我们。",
        "A lamp is out, a cover rattles, rubbish lies about, a road is broken: tell us.",
    ),
    "what": ("是什么问题？", "What is it?"),
    "choose": ("请选择", "Choose"),
    "where": ("在哪里？", "Where is it?"),
    "where_hint": (
        "例如：花园路与农业路口东北角，公交站旁",
        "Such as: corner of Huayuan Road and Nongye Road, by the bus stop",
    ),
    "here": ("使用我现在的位置", "Use where I am now"),
    "here_done": ("已填入您的位置", "Your position is filled in"),
    "here_failed": ("无法取得位置，请填写地址", "No position found: write the address"),
    "asset": ("设施编号（灯杆、井盖上的标牌）", "Number on the plate, of a lamp post or a cover"),
    "cover_kind": ("井盖上的字（仅井盖）", "What the lid says, of a cover"),
    "cover_unknown": ("不清楚", "cannot tell"),
    "more_place": ("更多位置信息（选填）", "More about the place (optional)"),
    "lon": ("经度", "Longitude"),
    "lat": ("纬度", "Latitude"),
    "describe": ("请描述一下（选填）", "Describe it (optional)"),
    "describe_hint": (
        "请不要在这里写姓名和电话。",
        "Please leave names and telephone numbers out of this.",
    ),
    "photos": ("照片（选填）", "Photos (optional)"),
    "photo_refused": (
        "最多 {most} 张照片，每张不超过 {mb} MB；请换一张",
        "Up to {most} photos of {mb} MB each: choose another",
    ),
    "photos_hint": ("最多 {most} 张，每张不超过 {mb} MB", "Up to {most}, of {mb} MB each"),
    "contact": ("怎样联系您？（选填）", "How can we reach you? (optional)"),
    "contact_hint": (
        "只用于办理此事，结案 {days} 天后删除，也可随时自行删除。",
        "Used for this matter only, and deleted {days} days after it is closed, or when you like.",
    ),
    "name": ("姓名", "Name"),
    "phone": ("电话", "Telephone"),
    "mail": ("邮箱", "Mail"),
    "wants_news": ("有进展时通知我", "Tell me how it goes on"),
    "send": ("提交", "Send"),
    "wrong": ("请检查以下内容：", "Please look at this again:"),
    "too_often": (
        "提交过于频繁，请稍后再试。",
        "Too many at once. Please try again a little later.",
    ),
    "try_later": ("系统暂时无法使用，请稍后再试。", "Out of order for a moment. Please try again."),
}


def texts(language: Language) -> dict[str, str]:
    """Every text in one language, by its name."""
    place = 0 if language == "zh" else 1
    return {name: words[place] for name, words in _TEXTS.items()}
