// A content script cannot be a module, so this one fetches them; on pages that are not the helpdesk's it ends here.
(async () => {
  const { default: config } = await import(chrome.runtime.getURL("config.js"));
  if (location.origin === config.helpdesk.origin) await import(chrome.runtime.getURL("content/main.js"));
})();
