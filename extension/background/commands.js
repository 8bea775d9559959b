/** Keyboard shortcuts (`commands` in manifest.json): the helpdesk's page in front does what they mean. */

/** To be called when the worker starts. Elsewhere than on the helpdesk's page nobody listens, and nothing is meant. */
export function takeCommands() {
  chrome.commands?.onCommand.addListener((name, tab) => {
    if (tab?.id !== undefined) chrome.tabs.sendMessage(tab.id, { kind: "command", name }).catch(() => {});
  });
}
