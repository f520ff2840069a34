/** The two languages: Chinese unless the reader chose English, and the choice is remembered. */

import { createI18n } from "vue-i18n";

import { en } from "./en";
import { type Messages, zh } from "./zh";

export type Language = "zh" | "en";

const REMEMBERED = "xiuhua.language";

function remembered(): Language {
  try {
    return localStorage.getItem(REMEMBERED) === "en" ? "en" : "zh";
  } catch {
    return "zh"; // storage may be forbidden; the choice then lasts as long as the page
  }
}

export const i18n = createI18n<[Messages], Language, false>({
  legacy: false,
  locale: remembered(),
  fallbackLocale: "zh",
  messages: { zh, en },
});

function mark(language: Language): void {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
}

export function setLanguage(language: Language): void {
  i18n.global.locale.value = language;
  mark(language);
  try {
    localStorage.setItem(REMEMBERED, language);
  } catch {
    // as above
  }
}

mark(i18n.global.locale.value);
