-- Budgets, locks and their ledger. Owned by plugin_server/budgets. Hours are integer hundredths.

CREATE TABLE ticket_budget (
    ticket_id           bigint PRIMARY KEY,
    used                integer     NOT NULL, -- stopped hours
    budget              integer,              -- null: none that can be used
    quoted              integer,
    percent             integer,
    band                text        NOT NULL CHECK (band IN ('green', 'yellow', 'orange', 'red', 'none')),
    pressing            numeric     NOT NULL, -- the highest utilization of all its constraints, in percent
    ends_on             date,                 -- when the budget ends at the present pace
    locked              boolean     NOT NULL,
    lock_source         text,
    lock_used           integer,
    lock_limit          integer,
    lock_point          integer,              -- above so many hours it locks
    crossing            uuid,                 -- names this lock, from its beginning to its end
    locked_at           timestamptz,
    reopens_at          timestamptz,          -- when an unlock's expiry changes that
    -- what project managers have set, or what stood there when the ticket was first seen
    accepted_budget     text        NOT NULL,
    accepted_quoted     text        NOT NULL,
    accepted_pm         text        NOT NULL,
    -- what is to stand in the helpdesk's fields
    wanted_used         text        NOT NULL,
    wanted_utilization  text        NOT NULL,
    wanted_state        text        NOT NULL,
    write_budget        boolean     NOT NULL DEFAULT false, -- the accepted budget is to be written, too
    written_state       text,                 -- the last state that we wrote; null: none yet
    written_used        text,
    written_utilization text,
    written_at          timestamptz,
    write_due_at        timestamptz,          -- null: nothing is to be written
    write_attempts      integer     NOT NULL DEFAULT 0,
    write_problem       text,
    -- of a locked ticket: what was there when its articles were last looked at
    watched_from        timestamptz,          -- since when the helpdesk keeps it locked, by its own clock
    watched_at          timestamptz,          -- the ticket's updated_at then
    watch_after         timestamptz NOT NULL DEFAULT '-infinity', -- it could not be looked at: not before then
    watched_article     bigint,
    internal_articles   bigint[]    NOT NULL DEFAULT '{}',
    linked_tickets      bigint[]    NOT NULL DEFAULT '{}',
    computed_at         timestamptz NOT NULL,
    CHECK (locked = (crossing IS NOT NULL))
);
CREATE INDEX ticket_budget_due ON ticket_budget (write_due_at) WHERE write_due_at IS NOT NULL;
CREATE INDEX ticket_budget_locked ON ticket_budget (ticket_id) WHERE locked;
CREATE INDEX ticket_budget_reopens ON ticket_budget (reopens_at) WHERE reopens_at IS NOT NULL;
CREATE INDEX ticket_budget_pressing ON ticket_budget (pressing DESC, ticket_id);

-- The ledger: rows are only added.
CREATE TABLE budget_event (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id     bigint      NOT NULL,
    at            timestamptz NOT NULL,
    kind          text        NOT NULL CHECK (kind IN (
        'locked', 'reopened', 'unlocked', 'changed', 'put_back', 'bypassed', 'project_changed', 'note', 'assigned',
        'closed', 'asked', 'told')),
    by_user       bigint,              -- helpdesk user; null: Deskhours itself
    by_name       text        NOT NULL DEFAULT '',
    reason        text        NOT NULL DEFAULT '',
    field         text,
    old_value     text,
    new_value     text,
    used          integer,
    budget        integer,
    ceiling       integer,
    expires_at    timestamptz,
    crossing      uuid,
    article_id    bigint
);
CREATE INDEX budget_event_ticket ON budget_event (ticket_id, id DESC);
CREATE INDEX budget_event_unlocks ON budget_event (ticket_id) WHERE kind = 'unlocked';
CREATE UNIQUE INDEX budget_event_article ON budget_event (ticket_id, article_id)
    WHERE kind = 'bypassed' AND article_id IS NOT NULL;
-- A change in the helpdesk's history is judged once; at is the history's.
CREATE UNIQUE INDEX budget_event_change ON budget_event (ticket_id, field, at) WHERE kind IN ('changed', 'put_back');

-- What project managers are to be told in the ticket, once each.
CREATE TABLE budget_notice (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    ticket_id   bigint      NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('locked', 'put_back', 'bypassed', 'project_changed', 'asked')),
    words       text        NOT NULL, -- the sentence, as text
    state       text        NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed')),
    attempts    integer     NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL,
    called      boolean     NOT NULL DEFAULT false, -- a call was made whose outcome may not be known
    mailed      boolean     NOT NULL DEFAULT false,
    article_id  bigint,
    problem     text,
    crossing    uuid UNIQUE,          -- one note a crossing
    created_at  timestamptz NOT NULL
);
CREATE INDEX budget_notice_due ON budget_notice (next_try_at) WHERE state = 'queued';

-- Projects' budgets as the tickets' figures rest on them.
CREATE TABLE budget_project (
    project_id bigint PRIMARY KEY,
    rests_on   text NOT NULL
);
