-- The helpdesk's people with their roles, as last seen. Owned by plugin_server/accounts.

CREATE TABLE helpdesk_member (
    id      bigint PRIMARY KEY, -- the helpdesk's
    login   text        NOT NULL,
    email   text        NOT NULL,
    name    text        NOT NULL,
    active  boolean     NOT NULL,
    roles   text[]      NOT NULL,
    groups  jsonb       NOT NULL, -- group to rights, a role's included
    seen_at timestamptz NOT NULL
);
