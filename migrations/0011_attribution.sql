-- Which entry counts for which ticket, and what the helpdesk says of tickets. Owned by plugin_server/tickets.

ALTER TABLE ticket
    ADD COLUMN owner_id         bigint,                      -- helpdesk user; null: nobody
    ADD COLUMN customer_id      bigint,
    ADD COLUMN state            text    NOT NULL DEFAULT '', -- the helpdesk's name for it
    ADD COLUMN state_kind       text    NOT NULL DEFAULT 'open' CHECK (state_kind IN ('open', 'closed', 'merged')),
    ADD COLUMN priority         text    NOT NULL DEFAULT '',
    ADD COLUMN used_text        text    NOT NULL DEFAULT '', -- what stands in the fields that only we write
    ADD COLUMN utilization_text text    NOT NULL DEFAULT '',
    ADD COLUMN lock_text        text    NOT NULL DEFAULT '',
    ADD COLUMN release_text     text    NOT NULL DEFAULT '',
    ADD COLUMN tags             text[]  NOT NULL DEFAULT '{}', -- read only where the manifest names some
    ADD COLUMN merged_into      bigint,
    ADD COLUMN deleted_at       timestamptz,                 -- when we learnt that the helpdesk no longer has it
    ADD COLUMN checked_at       timestamptz,                 -- of updated_at: up to which the history has been looked at
    ADD COLUMN check_after      timestamptz NOT NULL DEFAULT '-infinity', -- it could not be looked at: not before then
    ADD COLUMN created_at       timestamptz;
CREATE INDEX ticket_number ON ticket (number);
CREATE INDEX ticket_project ON ticket (project_id) WHERE project_id IS NOT NULL;
CREATE INDEX ticket_unchecked ON ticket (updated_at) WHERE checked_at IS NULL OR checked_at < updated_at;

ALTER TABLE ticket_link
    ADD COLUMN corrected boolean NOT NULL DEFAULT false, -- it was wrong: it never counted
    ADD COLUMN dated     boolean NOT NULL DEFAULT false; -- linked_at is the helpdesk's own date of the change
CREATE INDEX ticket_link_by_project ON ticket_link (project_id);

-- A ticket's project was changed for another one. What that moved is counted when the entries are attributed anew.
CREATE TABLE link_change (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id      bigint      NOT NULL,
    link_id        bigint      NOT NULL REFERENCES ticket_link, -- the one that ended
    old_project_id bigint      NOT NULL,
    new_project_id bigint,
    changed_at     timestamptz NOT NULL,
    left_entries   integer     NOT NULL DEFAULT 0,
    left_hours     integer     NOT NULL DEFAULT 0, -- hundredths
    came_entries   integer     NOT NULL DEFAULT 0,
    came_hours     integer     NOT NULL DEFAULT 0, -- hundredths
    counted_at     timestamptz,
    told_at        timestamptz,                            -- when budgets passed it on to the project manager
    answer         text CHECK (answer IN ('move', 'keep', 'leave')), -- what somebody chose to do with the old project's entries
    answered_by    bigint,
    answered_at    timestamptz,
    outcome        text                                     -- in words, of the move
);
CREATE INDEX link_change_open ON link_change (ticket_id) WHERE answer IS NULL;

-- The outcome for each entry. What counts nowhere belongs to its project.
CREATE TABLE attribution (
    entry_id     bigint PRIMARY KEY,
    ticket_id    bigint,
    project_id   bigint NOT NULL,
    rule         text   NOT NULL CHECK (rule IN ('reference', 'number', 'assigned', 'dedicated', 'none')),
    named_number text -- the ticket number in the entry's notes, known or not
);
CREATE INDEX attribution_ticket ON attribution (ticket_id) WHERE ticket_id IS NOT NULL;
CREATE INDEX attribution_project ON attribution (project_id) WHERE ticket_id IS NULL;
CREATE INDEX attribution_number ON attribution (named_number) WHERE named_number IS NOT NULL;

-- Assign here: a person's word for entries that name no ticket.
CREATE TABLE entry_assignment (
    entry_id    bigint PRIMARY KEY,
    ticket_id   bigint      NOT NULL,
    assigned_by bigint      NOT NULL,
    assigned_at timestamptz NOT NULL
);

-- What is to be attributed anew, because a link, a merge or a number became known.
CREATE TABLE attribution_due (
    kind text   NOT NULL CHECK (kind IN ('project', 'ticket', 'entry')),
    id   bigint NOT NULL,
    PRIMARY KEY (kind, id)
);

-- Tickets whose figures may have changed; who computes them takes the row away.
CREATE TABLE dirty_ticket (
    ticket_id bigint PRIMARY KEY,
    since     timestamptz NOT NULL DEFAULT now()
);

-- Deliveries of the helpdesk's webhook that have been taken; the same one comes again after a lost answer.
CREATE TABLE webhook_delivery (
    id       text PRIMARY KEY,
    taken_at timestamptz NOT NULL
);

-- Entries that were read before there was anything to attribute them.
INSERT INTO attribution_due (kind, id) SELECT DISTINCT 'project', project_id FROM time_entry;
INSERT INTO dirty_ticket (ticket_id) SELECT id FROM ticket;
