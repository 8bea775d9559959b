// One open ticket. Its element is detached from the document while another is shown and attached again later, with
// everything typed still in it. The inside is built anew when attributes or rights change; the drafts survive that.

import * as articleList from './articles.js';
import {call} from './api.js';
import {attributeBar, behaviour} from './attribute_bar.js';
import {composer, emptyDraft, hasText} from './composer.js';
import {ago, el} from './dom.js';
import {applied, applyTags} from './macro.js';
import {closeModal, failure, modal, submitModal} from './notify.js';
import {attributeForm} from './attribute_form.js';
import {customerPanel, tabs, tagList} from './sidebar.js';
import {may, refresh, session} from './session.js';
import {askForTime} from './time_dialog.js';

const POLL = 3000;
const CLOSED = 4;

/** What a macro wants of the tab, in the words of the tab behaviour. */
const FLOWS = {none: 'stayOnTab', next_task: 'closeTab', next_task_on_close: 'closeTabOnTicketClose', next_from_overview: 'closeTab'};

/** What was typed and not sent yet, so that a reload finds it again (Zammad keeps it in its task bar). */
function stored(id) {
  try {
    return JSON.parse(sessionStorage.getItem(`helpdesk-draft-${id}`)) ?? {};
  } catch {
    return {};
  }
}

export class TicketZoom {
  /** `told(task)` hears of the title, and of whether something is unsaved; `close(task)` closes the tab. */
  constructor(id, told, close) {
    this.id = id;
    this.told = told;
    this.close = close;
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
    const outline = JSON.stringify([session.attributes, this.editable, session.access, session.groups, session.owners, session.macros, this.ticket.group_id]);
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
    this.bar = attributeBar(this.ticket.group_id, {submit: (macro) => this.submit(macro), reset: () => this.reset()});
    this.bar.node.classList.toggle('hide', !this.editable);
    this.el.replaceChildren(
      el('div.ticketZoom-columns', {}, this.main, tabs([
        {key: 'ticket', title: 'Ticket', icon: 'ticket', node: el('div', {}, this.form.node, this.tags.node)},
        {key: 'customer', title: 'Customer', icon: 'person', node: this.customer.node},
      ])),
      this.bar.node);
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
    this.bar.dirty(this.dirty);
    this.bar.show();
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

  /** From the click on: nothing can be pressed or typed. */
  lock(on) {
    this.bar.disable(on);
    this.composer.disable(on);
    this.form.disable(on);
  }

  /** Update and macros: by mouse, and by the keyboard shortcut, which calls this without any click. */
  submit(macro) {
    if (!this.editable || !this.data || this.sending || this.el.querySelector(':scope > .modal')) return;
    this.lock(true);
    const {changes, article, tags} = macro
      ? applied(macro, this.changes, this.composer.article())
      : {changes: this.changes, article: this.composer.article(), tags: []};
    const problem = this.problem(changes, article, tags);
    if (problem) {
      this.lock(false);
      this.refuse(...problem);
      return;
    }
    // What the fields must hold has to be known first. Otherwise all of this happens at once.
    if (this.form.pending) this.form.pending.then(() => this.checked(changes, article, tags, macro));
    else this.checked(changes, article, tags, macro);
  }

  /** The last check of the page's own: fields that must be filled. What passes is sent. */
  checked(changes, article, tags, macro) {
    if (macro ? !this.form.complete(changes) : !this.form.valid()) {
      this.lock(false);
      return;
    }
    const go = (time) => this.send({...changes, ...(article && {article: {...article, ...time}})}, tags, macro);
    if (article && this.data.form_meta.flags.time_accounting) askForTime(this.el, {go, off: () => this.lock(false)});
    else go({});
  }

  problem(changes, article, tags) {
    if (!article && !Object.keys(changes).length && !tags.length) {
      return ['Nothing to save', 'There is no text and no change yet. Write something first.'];
    }
    if (article?.type === 'email' && !article.to.trim() && !article.cc.trim()) {
      return ['No recipient', 'An e-mail needs at least one address under To or Cc.'];
    }
    return null;
  }

  async send(params, tags, macro) {
    this.sending = true;
    let data;
    try {
      // Started at once: who leaves the page now has sent it all the same.
      const saved = call('PUT', `tickets/${this.id}?all=true`, params);
      await applyTags(this.id, tags);
      data = await saved;
    } catch (error) {
      this.sending = false;
      this.lock(false);
      failure(error);
      return;
    }
    this.sending = false;
    for (const name of Object.keys(this.changes)) delete this.changes[name];
    // Whatever was asked before this answer is older than it.
    this.round += 1;
    if (params.article) this.draft.body = '';
    this.renewComposer();
    this.apply(data);
    this.changed();
    const wanted = macro ? FLOWS[macro.ux_flow_next_up] : behaviour();
    if (wanted === 'closeTab' || (wanted === 'closeTabOnTicketClose' && this.ticket.state_id === CLOSED)) {
      this.close(this);
      return;
    }
    this.lock(false);
    if (params.article) this.articles.lastElementChild.scrollIntoView({block: 'nearest'});
    clearTimeout(this.timer);
    if (this.visible) this.timer = setTimeout(() => this.poll(), POLL);
  }

  reset() {
    for (const name of Object.keys(this.changes)) delete this.changes[name];
    this.form.show(this.ticket);
    this.renewComposer();
    this.changed();
  }

  /** What the keyboard shortcut presses: the open dialog's button, else Update. */
  press() {
    if (!submitModal(this.el)) this.submit();
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
