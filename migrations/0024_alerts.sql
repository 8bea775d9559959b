-- Alerts of budgets: what was looked at, what is told, to whom and by which way. Owned by plugin_server/alerts.

-- What was there before alerts began, and the mirror's first listing of Harvest, is old: nobody is told of it.
CREATE TABLE alert_start (
    the_one  boolean PRIMARY KEY DEFAULT true CHECK (the_one),
    began_at timestamptz NOT NULL,
    live_at  timestamptz -- since when crossings are told; null: everything is still a first look
);

-- A ticket's budget as it stood when it was last looked at.
CREATE TABLE alert_seen (
    ticket_id  bigint PRIMARY KEY,
    band       text        NOT NULL CHECK (band IN ('green', 'yellow', 'orange', 'red', 'none')),
    budget     integer,              -- hundredths of an hour
    project_id bigint,
    thresholds text        NOT NULL, -- where the bands began then
    seen_at    timestamptz NOT NULL
);

-- A level that was crossed. Hours in hundredths.
CREATE TABLE alert (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    ticket_id  bigint      NOT NULL,
    band       text        NOT NULL CHECK (band IN ('yellow', 'orange', 'red')),
    source     text        NOT NULL, -- whose budget: the ticket's own, its project's
    percent    integer     NOT NULL, -- whole, rounded down
    used       integer     NOT NULL,
    budget     integer     NOT NULL,
    ends_on    date,                 -- when it ends at this pace
    at         timestamptz NOT NULL,
    spread_at  timestamptz,          -- when it was found out who is told
    next_try_at timestamptz NOT NULL
);
CREATE INDEX alert_unspread ON alert (next_try_at) WHERE spread_at IS NULL;
CREATE INDEX alert_at ON alert (at);

-- One row for each thing told, way and person; it stands before anything is sent. Notes in the ticket are notices.
CREATE TABLE alert_delivery (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    channel     text        NOT NULL CHECK (channel IN ('email', 'chat', 'desktop', 'digest')),
    told        text        NOT NULL, -- the alert's id, or the digest's day
    user_id     bigint      NOT NULL, -- helpdesk user; 0: the chat's room
    alert_id    uuid        REFERENCES alert ON DELETE CASCADE,
    state       text        NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed', 'expired')),
    attempts    integer     NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL,
    give_up_at  timestamptz NOT NULL,
    claim       uuid,                 -- who has it in hand; ends with next_try_at
    problem     text,
    created_at  timestamptz NOT NULL,
    sent_at     timestamptz,
    UNIQUE (channel, told, user_id)
);
CREATE INDEX alert_delivery_due ON alert_delivery (next_try_at) WHERE state = 'queued';
CREATE INDEX alert_delivery_desktop ON alert_delivery (user_id) WHERE state = 'queued' AND channel = 'desktop';
CREATE INDEX alert_delivery_open ON alert_delivery (state, created_at)
    WHERE state IN ('queued', 'failed') AND channel <> 'desktop';
CREATE INDEX alert_delivery_alert ON alert_delivery (alert_id);

-- What a person wants to hear, and in which language.
CREATE TABLE alert_person (
    user_id bigint PRIMARY KEY, -- helpdesk user
    lang    text    NOT NULL DEFAULT 'en',
    email   boolean NOT NULL DEFAULT true,
    desktop boolean NOT NULL DEFAULT true
);
