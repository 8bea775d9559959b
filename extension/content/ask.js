/** Asks the worker. Answers its answer; `{gone: true}` when the extension was updated or removed under this page. */
export async function ask(kind, content = {}) {
  try {
    const answer = await chrome.runtime.sendMessage({ kind, ...content });
    return answer === undefined || answer?.failed ? { answered: false, failed: true } : answer;
  } catch {
    // A worker that died while it answered is another matter than an extension that is no longer there.
    return chrome.runtime?.id ? { answered: false, failed: true } : { gone: true };
  }
}

/** One of the extension's own few texts. */
export const text = (name, ...substitutes) => chrome.i18n.getMessage(name, substitutes.map(String));
