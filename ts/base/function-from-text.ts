// Functions made from text. A page's policy may forbid them, and each attempt then sends a report: so there is one only.

/** Whether no attempt has been refused yet. Shared by everything in the process, as the policy is. */
let allowed = true;

/** The function of these parameters and body; undefined where a page's policy forbids functions from text. */
export function functionFromText(parameters: readonly string[], body: string): unknown {
  if (!allowed) return undefined;
  try {
    return new Function(...parameters, body);
  } catch {
    allowed = false;
    return undefined;
  }
}
