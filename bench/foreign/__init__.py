"""Fleets that are not ours: another generator of devices, physics and faults than `simulators/`.

Nothing here is taken from the simulators, and the rules know nothing of it. What is drawn is drawn
to be awkward rather than likely, within what the contract and the trade allow (:mod:`.world` says
how readings are delivered; :mod:`.lamps`, :mod:`.covers`, :mod:`.stations` what is assumed of each
kind, :mod:`.seldom` of what reports seldom or much at once). Readings are columns, so no decoder is
between them and the rules.
"""
