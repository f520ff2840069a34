/** Which view of the page is shown; it stands in the address, so that it can be kept and sent. */

import { computed, shallowRef } from "vue";

import type { Role } from "../api/schema";
import { me } from "./session";

export type View = "room" | "intake" | "supervision" | "indicators" | "plans" | "rules" | "audit" | "account";

const DESK: readonly Role[] = ["operator", "dispatcher", "supervisor", "admin"];
const FOR: Record<View, readonly Role[] | null> = {
  room: null,
  intake: DESK,
  supervision: null,
  indicators: null,
  plans: null,
  rules: DESK,
  audit: ["admin"],
  account: null,
};
const VIEWS = Object.keys(FOR) as View[];

const asked = shallowRef<View>("room");

/** The views that are for who is signed in, in the order they are offered. */
export const views = computed(() =>
  VIEWS.filter((one) => FOR[one] === null || (me.value !== null && FOR[one].includes(me.value.role))),
);

/** The one shown: the room where the one that was asked for is not for who is signed in. */
export const view = computed(() => (views.value.includes(asked.value) ? asked.value : "room"));

export function show(one: View): void {
  asked.value = one;
  const address = one === "room" ? location.pathname + location.search : `#${one}`;
  if (location.hash !== `#${one}`) history.pushState(null, "", address);
}

function read(): void {
  asked.value = VIEWS.find((one) => location.hash === `#${one}`) ?? "room";
}

/** From now on; also what the browser's back and forward ask for. */
export function followAddress(): void {
  read();
  addEventListener("hashchange", read);
  addEventListener("popstate", read);
}
