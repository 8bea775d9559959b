/**
 * Zammad's ticket page (the legacy user interface, which is the stock one). Everything we know of its structure stands
 * here and nowhere else. `count` is how many of a part one open ticket has: a number, or [least, most]; at least one is
 * due where `due` is found, a sign that the part should be there. Without a part that is `needed` the panel could not see what is
 * done, and stands aside. content/drift.js looks whether the page is like that.
 */

export default {
  kind: "zammad",

  /** Each open ticket is one of these; the ones not shown are out of the document. */
  ticket: {
    selector: ".content.active",
    count: 1,
    needed: true,
    id: /^content_permanent_Ticket-(\d+)$/,
    address: /^#ticket\/zoom\/(\d+)/,
  },

  /** The address of a page that shows a ticket. */
  address: { ticket: /#ticket\/zoom\/(\d+)(?:\/|$)/ },

  /** Who is signed in, asked of the helpdesk itself with the page's own session. */
  person: { path: "/api/v1/users/me", id: "id" },

  // Inside a ticket:
  header: { selector: ".ticketZoom-header", count: 1 },
  composer: { selector: ".article-new", count: [0, 1], due: ".article-add, .js-textarea", needed: true },
  body: {
    selector: '.article-new .js-textarea[data-name="body"]',
    count: [0, 1],
    due: ".article-new, .article-add",
    needed: true,
  },
  /** Tabs at the edge, a panel for each; `active` marks the tab that is open, `hidden` the panels of the others. */
  sidebar: {
    selector: ".tabsSidebar",
    count: 1,
    tab: { selector: ".tabsSidebar-tab", count: [1, 30], className: "tabsSidebar-tab" },
    panel: { selector: ".sidebar", count: [1, 30], className: "sidebar" },
    heading: { className: "sidebar-header" },
    active: "active",
    hidden: "hide",
  },
  /** `maySpeak`: an article may come of it though nothing stands in the composer (a macro's own note). */
  submit: [
    {
      selector: ".js-attributeBar .js-submit",
      count: [0, 1],
      due: ".js-reset, .js-secondaryAction",
      needed: true,
      event: "click",
    },
    {
      name: "macro",
      selector: ".js-attributeBar .js-dropdownActionMacro",
      count: [0, 1000],
      due: ".js-openDropdownMacro:not([disabled])",
      event: "mouseup",
      maySpeak: true,
    },
  ],

  /** Carries the attribute while a submission is under way, whatever way it was made. */
  lock: { selector: ".js-attributeBar .js-submit", count: [0, 1], attribute: "disabled" },

  /** The page's own time accounting: it holds a submission up until it is answered, and frees the lock either way. */
  dialog: {
    selector: '.modal:has([name="time_unit"])',
    count: [0, 1],
    cancel: {
      selector: '.modal:has([name="time_unit"]) :is(.js-close, .js-cancel)',
      count: [0, 9],
      due: '.modal:has([name="time_unit"])',
    },
    cancelKey: "Escape",
  },
  discard: { selector: ".js-reset", count: [0, 1], due: ".js-attributeBar .js-submit" },
  article: {
    selector: ".ticket-article-item[data-id]",
    count: [0, 10_000],
    due: '.ticket-article > [id^="article-"]',
    needed: true,
    id: "data-id",
  },

  /** What stands in the body without anyone having written it. */
  notWritten: { selector: "[data-signature], .js-signatureMarker", count: [0, 99] },

  /** What the page shows when it refuses a reply; looked for in the whole document. Its own time dialog is none. */
  refusal: {
    selector:
      "#notify .error, .noty_type_error, .has-error .help-inline, " +
      '.content.active > .modal:not(:has([name="time_unit"]))',
    count: [0, 9],
    anywhere: true,
  },
};
