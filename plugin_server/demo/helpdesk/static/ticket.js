// One open ticket. Its element is detached from the document while another is shown and attached again later, with
// everything typed still in it. The inside is built anew when attributes or rights change; the drafts survive that.

import * as articleList from './articles.js';
import {call} from './api.js';
import {composer, emptyDraft, hasText} from './composer.js';
import {ago, el, icon} from './dom.js';
import {closeModal, failure, modal} from './notify.js';
import {attributeForm, customerPanel, tabs, tagList} from './sidebar.js';
import {fullName, may, refresh, session} from './session.js';

const POLL = 3000;

/** What was typed and not sent yet, so that a reload finds it again (Zammad keeps it in its task bar). */
function stored(id) {
  try {
    return JSON.parse(sessionStorage.getItem(`helpdesk-draft-${id}`)) ?? {};
  } catch {
    return {};
  }
}

export class TicketZoom {
  /** `told(task)` hears of the title, and of whether something is unsaved. */
  constructor(id, told) {
    this.id = id;
    this.told = told;
    this.el = el('div.content.horizontal.flex', {id: `content_permanent_Ticket-${id}`}, el('div.content-loading', {}, 'Loading …'));
    const {draft, changes} = stored(id);
    this.draft = {...emptyDraft(), ...draft};
    this.changes = {...changes};
    this.title = `Ticket ${id}`;
    this.sending = false;
  }

  /** Called when its element has been put into the document. */
  async shown() {
    clearTimeout(this.timer);
    this.visible = true;
    await this.load();
  }

  hidden() {
    this.visible = false;
    clearTimeout(this.timer);
  }

  async load() {
    clearTimeout(this.timer);
    const round = this.round = (this.round ?? 0) + 1;
    try {
      const data = await call('GET', `tickets/${this.id}?all=true`);
      // An answer that was overtaken by a submit or a later question is old news.
      if (round === this.round && !this.sending) this.apply(data);
    } catch (error) {
      if (round === this.round) this.failed(error);
    }
    if (this.visible && round === this.round) this.timer = setTimeout(() => this.poll(), POLL);
  }

  async poll() {
    if (!document.hidden && !this.sending) {
      try {
        if (!await refresh()) return this.signedOut();
      } catch { /* the next round will tell */ }
    }
    if (document.hidden || this.sending) this.timer = setTimeout(() => this.poll(), POLL);
    else await this.load();
  }

  signedOut() {
    modal(this.el, 'You are signed out', 'Your session has ended. Sign in again to go on.', 'Sign in', () => location.assign(`/login${location.hash}`));
  }

  failed(error) {
    if (this.data && ![403, 404].includes(error.status)) return;
    this.data = null;
    this.built = null;
    const text = {403: 'You may not see this ticket.', 404: 'This ticket does not exist.'}[error.status] ?? error.message;
    this.el.replaceChildren(el('div.main.flex', {}, el('div.ticketZoom-missing', {role: 'alert'}, el('h1', {}, 'Nothing to show'), el('p', {}, text))));
    this.told(this);
  }

  /** Bring the page in line with what the server says. */
  apply(data) {
    this.data = data;
    this.ticket = data.assets.Ticket[this.id];
    this.title = this.ticket.title;
    this.editable = may(this.ticket.group_id, 'change');
    const outline = JSON.stringify([session.attributes, this.editable, session.me.group_ids, session.groups, session.owners]);
    const first = outline !== this.built;
    if (first) {
      this.built = outline;
      this.render();
    }
    this.showHeader();
    const articles = data.ticket_article_ids.map((id) => data.assets.TicketArticle[id]);
    const added = articleList.patch(this.articles, articles, data.assets.User, {
      editable: this.editable,
      reply: (article) => this.composer.replyTo(article),
      setInternal: (article, internal) => this.setInternal(article, internal),
    });
    if (first) this.main.scrollTop = this.main.scrollHeight;
    else if (added.length) this.articles.lastElementChild.scrollIntoView({block: 'nearest'});
    this.form.show(this.ticket);
    this.tags.show(data.tags);
    this.customer.show(this.ticket, data.assets.User, data.assets.Organization);
    this.changed();
  }

  render() {
    this.number = el('span.js-objectNumber', {}, el('span.ticket-number'), el('span.ticket-created'));
    this.titleNode = el('h1.ticket-title-update.js-objectTitle', {
      contenteditable: this.editable ? 'true' : null, spellcheck: 'false',
      onkeydown: (event) => { if (event.key === 'Enter') { event.preventDefault(); event.target.blur(); } },
      onblur: () => this.saveTitle(),
    });
    this.articles = el('div.ticket-article');
    this.composer = this.editable ? this.newComposer() : null;
    const zoom = el('div.ticketZoom', {},
      el('div.ticketZoom-controls', {}, el('span.ticketZoom-back', {}, el('a', {href: '#ticket/view/all'}, 'All tickets'))),
      el('div.ticketZoom-header', {}, this.titleNode, this.number),
      el('div.scrollPageAlert.js-ticketAlertContainer'),
      this.articles,
      this.composer?.node);
    this.main = el('div.main.flex', {}, zoom);
    this.form = attributeForm(this.changes, this.editable, () => this.changed());
    this.tags = tagList(this.id, this.editable);
    this.customer = customerPanel();
    this.submitButton = el('button.button.primary.js-submit', {type: 'button', onclick: () => this.submit()}, 'Update');
    this.resetButton = el('button.button.text.js-reset', {type: 'button', onclick: () => this.reset()}, 'Discard your unsaved changes.');
    const bar = el('div.attributeBar', {}, el('div.attributeBar-inner.js-attributeBar', {},
      el('div.attributeBar-presence', {}, icon('person'), el('span', {}, fullName(session.me))),
      this.resetButton,
      el('div.buttonDropdown.js-submitDropdown', {}, this.submitButton)));
    bar.classList.toggle('hide', !this.editable);
    this.el.replaceChildren(
      el('div.ticketZoom-columns', {}, this.main, tabs([
        {key: 'ticket', title: 'Ticket', icon: 'ticket', node: el('div', {}, this.form.node, this.tags.node)},
        {key: 'customer', title: 'Customer', icon: 'person', node: this.customer.node},
      ])),
      bar);
  }

  showHeader() {
    if (document.activeElement !== this.titleNode && this.titleNode.textContent !== this.ticket.title) {
      this.titleNode.textContent = this.ticket.title;
    }
    this.number.dataset.number = this.ticket.number;
    const [number, created] = this.number.children;
    number.textContent = `Ticket#${this.ticket.number}`;
    created.replaceChildren(' – created ', ago(this.ticket.created_at));
  }

  get dirty() {
    return hasText(this.draft) || Object.keys(this.changes).length > 0;
  }

  changed() {
    this.resetButton.classList.toggle('hide', !this.dirty);
    if (this.dirty) sessionStorage.setItem(`helpdesk-draft-${this.id}`, JSON.stringify({draft: this.draft, changes: this.changes}));
    else this.forget();
    this.told(this);
  }

  forget() {
    sessionStorage.removeItem(`helpdesk-draft-${this.id}`);
  }

  newComposer() {
    const customer = () => this.data.assets.User[this.ticket.customer_id]?.email ?? '';
    return composer(this.draft, this.id, customer, () => this.changed());
  }

  /** The form of the next article: a new element in place of the old one. */
  renewComposer() {
    const old = this.composer.node;
    this.draft = emptyDraft();
    this.composer = this.newComposer();
    const place = old.parentElement;
    old.remove();
    place.append(this.composer.node);
  }

  refuse(title, text) {
    modal(this.el, title, text);
  }

  busy(on) {
    this.sending = on;
    this.submitButton.disabled = on;
    this.submitButton.classList.toggle('is-busy', on);
    this.composer.disable(on);
    this.form.disable(on);
  }

  /** Update: by its button, and by the keyboard shortcut, which calls this without any click. */
  async submit() {
    if (!this.editable || !this.data || this.sending) return;
    const article = this.composer.article();
    if (!article && !Object.keys(this.changes).length) {
      return this.refuse('Nothing to save', 'There is no text and no change yet. Write something first.');
    }
    if (article?.type === 'email' && !article.to.trim() && !article.cc.trim()) {
      return this.refuse('No recipient', 'An e-mail needs at least one address under To or Cc.');
    }
    this.busy(true);
    let data;
    try {
      data = await call('PUT', `tickets/${this.id}?all=true`, {...this.changes, ...(article && {article})});
    } catch (error) {
      this.busy(false);
      failure(error);
      return;
    }
    for (const name of Object.keys(this.changes)) delete this.changes[name];
    this.busy(false);
    // Whatever was asked before this answer is older than it.
    this.round += 1;
    if (article) this.draft.body = '';
    this.apply(data);
    this.renewComposer();
    this.changed();
    if (article) this.articles.lastElementChild.scrollIntoView({block: 'nearest'});
    clearTimeout(this.timer);
    if (this.visible) this.timer = setTimeout(() => this.poll(), POLL);
  }

  reset() {
    for (const name of Object.keys(this.changes)) delete this.changes[name];
    this.form.show(this.ticket);
    this.renewComposer();
    this.changed();
  }

  closeModal() {
    return closeModal(this.el);
  }

  async saveTitle() {
    const title = this.titleNode.textContent.trim();
    if (!title || title === this.ticket.title) {
      this.titleNode.textContent = this.ticket.title;
      return;
    }
    try {
      await call('PUT', `tickets/${this.id}?all=true`, {title});
    } catch (error) {
      this.titleNode.textContent = this.ticket.title;
      failure(error);
    }
    await this.load();
  }

  async setInternal(article, internal) {
    try {
      await call('PUT', `ticket_articles/${article.id}`, {internal});
    } catch (error) {
      failure(error);
    }
    await this.load();
  }
}
