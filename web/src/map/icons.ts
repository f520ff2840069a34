/** A sign for each kind of subject: strokes on a 24 × 24 field, for the list and the map alike. */

export const ICONS: Record<string, string> = {
  streetlight: "M8 21V8a4.5 4.5 0 0 1 9 0M13 8h8l-1.8 3.4h-4.4zM5 21h6",
  segment: "M8.5 3 4 21M15.5 3 20 21M12 4v3M12 10.5v3M12 17v4",
  circuit: "M13 2.5 5.5 13.5H11L10 21.5l8-11.5h-5.6z",
  cabinet: "M6 3h12v18H6zM12 3v18M9.4 11v2.4M14.6 11v2.4",
  cover: "M12 3a9 9 0 1 0 .01 0M7 9.2h10M6.4 12h11.2M7 14.8h10",
  station: "M3 21V11l6-4.5V11l6-4.5V11l6-4.5V21zM7 15.5h2.5M14.5 15.5H17",
  gateway: "M5 15h14v5.5H5zM12 15V9.5M8.4 8.6a5 5 0 0 1 7.2 0M5.9 6a8.6 8.6 0 0 1 12.2 0",
  area: "M3 6.5 9 4l6 2.5L21 4v13.5L15 20l-6-2.5L3 20zM9 4v13.5M15 6.5V20",
  other: "M12 3a9 9 0 1 0 .01 0M12 7.5v5.5M12 16v.6",
};

export const iconOf = (kind: string) => ICONS[kind] ?? ICONS["other"] ?? "";
