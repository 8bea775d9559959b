-- Which articles a ticket has: their heads alone, the texts stay in the helpdesk. Owned by plugin_server/tickets.

CREATE TABLE article_head (
    id         bigint PRIMARY KEY, -- the helpdesk's
    ticket_id  bigint      NOT NULL,
    writer_id  bigint      NOT NULL, -- helpdesk user who said it, whoever wrote it down
    writer     text        NOT NULL, -- the name it is signed with
    sender     text        NOT NULL CHECK (sender IN ('agent', 'customer', 'system')),
    kind       text        NOT NULL, -- the helpdesk's word: note, email, phone, web, ...
    internal   boolean     NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX article_head_ticket ON article_head (ticket_id, created_at, id);

-- Tickets whose heads are kept, because somebody has opened their timeline.
CREATE TABLE article_reading (
    ticket_id bigint PRIMARY KEY,
    as_of     timestamptz NOT NULL, -- the ticket's updated_at when its heads were asked for; -infinity: never yet
    stale     boolean     NOT NULL, -- the ticket has changed since
    opened_at timestamptz NOT NULL, -- when somebody last opened the timeline
    try_after timestamptz NOT NULL DEFAULT '-infinity' -- they could not be read: not before then
);
CREATE INDEX article_reading_stale ON article_reading (try_after) WHERE stale;
