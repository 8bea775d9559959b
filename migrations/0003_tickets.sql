-- Tickets as we know them. Owned by plugin_server/tickets.

CREATE TABLE ticket (
    id              bigint PRIMARY KEY, -- the helpdesk's
    number          text        NOT NULL,
    title           text        NOT NULL,
    group_id        bigint      NOT NULL,
    organisation_id bigint,
    project_text    text        NOT NULL, -- as typed in the helpdesk; project_id where it is a number
    project_id      bigint,
    budget_text     text        NOT NULL,
    quoted_text     text        NOT NULL,
    pm_text         text        NOT NULL,
    updated_at      timestamptz NOT NULL, -- by the helpdesk
    seen_at         timestamptz NOT NULL
);

-- Which project a ticket named, and since when. The first ticket that names a project holds it.
CREATE TABLE ticket_link (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket_id  bigint      NOT NULL REFERENCES ticket ON DELETE CASCADE,
    project_id bigint      NOT NULL,
    linked_at  timestamptz NOT NULL,
    ended_at   timestamptz
);
CREATE UNIQUE INDEX ticket_link_present ON ticket_link (ticket_id) WHERE ended_at IS NULL;
CREATE INDEX ticket_link_project ON ticket_link (project_id, linked_at) WHERE ended_at IS NULL;

-- When the helpdesk last said yes to "may this agent see this ticket".
CREATE TABLE ticket_access (
    agent_id   bigint      NOT NULL,
    ticket_id  bigint      NOT NULL REFERENCES ticket ON DELETE CASCADE,
    allowed_at timestamptz NOT NULL,
    PRIMARY KEY (agent_id, ticket_id)
);
