/**
 * Zammad's ticket page (the legacy user interface, which is the stock one). Everything we know of its structure stands
 * here and nowhere else. `count` is how many of a thing one open ticket has: a number, or [least, most].
 */

export default {
  kind: "zammad",

  /** Each open ticket is one of these; the ones not shown are out of the document. */
  ticket: { selector: ".content.active", count: 1, id: /^content_permanent_Ticket-(\d+)$/ },

  /** Who is signed in, asked of the helpdesk itself with the page's own session. */
  person: { path: "/api/v1/users/me", id: "id" },

  // Inside a ticket:
  composer: { selector: ".article-new", count: [0, 1] },
  body: { selector: '.article-new .js-textarea[data-name="body"]', count: [0, 1] },
  submit: [
    { selector: ".js-submit:not(.modal .js-submit)", count: 1, event: "click" },
    { selector: ".js-dropdownActionMacro", count: [0, 50], event: "mouseup" },
  ],
  discard: { selector: ".js-reset", count: [0, 1] },
  article: { selector: ".ticket-article-item[data-id]", count: [0, 10_000], id: "data-id" },

  /** What stands in the body without anyone having written it. */
  notWritten: "[data-signature], .js-signatureMarker",

  /** What the page shows when it refuses a reply; looked for in the whole document. Its own time dialog is none. */
  refusal: {
    selector:
      "#notify .error, .noty_type_error, .has-error .help-inline, " +
      '.content.active > .modal:not(:has([name="time_unit"]))',
    count: [0, 9],
  },
};
