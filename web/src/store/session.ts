/** Who is signed in on this page, and whether they have to sign in again. */

import { computed, readonly, ref, shallowRef } from "vue";

import { onSignedOut, ProblemError } from "../api/call";
import { getMe, signIn, signInOnce, signOut } from "../api/client";
import type { Me } from "../api/schema";

const person = shallowRef<Me | null>(null);
const asked = ref(false);
const out = ref(false);
const linkFault = shallowRef<unknown>(null);

/** Who is, or was until their session ended; null before anybody was. */
export const me = readonly(person) as Readonly<typeof person>;

/** Whether it is known yet if somebody is signed in. */
export const known = readonly(asked);

/** Whether the sign-in is to be shown; with `me` over a page that stays. */
export const signedOut = computed(() => asked.value && (out.value || person.value === null));

/** Why the link that this page was opened with signed nobody in; null where it did, or was none. */
export const refusedLink = readonly(linkFault) as Readonly<typeof linkFault>;

let again: () => void = () => undefined;

function enter(who: Me): void {
  person.value = who;
  out.value = false;
  linkFault.value = null;
  again();
}

export async function enterWith(name: string, password: string): Promise<void> {
  enter(await signIn(name, password));
}

/** Signs out, and begins anew: nothing of what was seen stays on the screen. */
export async function leave(): Promise<void> {
  await signOut();
  location.reload();
}

/** The text of a link that signs in once, taken out of the address so that it stays nowhere. */
function takeKey(): string | null {
  const key = /^#key=(.+)$/.exec(location.hash)?.[1];
  if (key === undefined) return null;
  history.replaceState(null, "", location.pathname + location.search);
  return decodeURIComponent(key);
}

const RETRY_MS = 3_000;

async function ask(key: string | null): Promise<void> {
  try {
    if (key !== null) enter(await signInOnce(key).catch(refused));
    else enter(await getMe());
  } catch (error) {
    if (!(error instanceof ProblemError) || error.status !== 401) {
      setTimeout(() => void ask(null), RETRY_MS);
      return;
    }
  }
  asked.value = true;
}

/** A link that was used before does no harm to a session that there is. */
async function refused(error: unknown): Promise<Me> {
  const who = await getMe().catch(() => null);
  if (who === null) {
    linkFault.value = error;
    throw error;
  }
  return who;
}

/** Finds out who is signed in; `entered` is called then, and each time somebody signs in again. */
export function startSession(entered: () => void): void {
  again = entered;
  onSignedOut(() => (out.value = true));
  void ask(takeKey());
}
