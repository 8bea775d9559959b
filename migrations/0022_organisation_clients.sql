-- Which Harvest client the helpdesk's organisations are. Owned by plugin_server/projects.

CREATE TABLE helpdesk_organisation (
    id      bigint PRIMARY KEY,
    name    text        NOT NULL,
    seen_at timestamptz NOT NULL
);

CREATE TABLE organisation_client (
    organisation_id bigint PRIMARY KEY,
    client_id       bigint      NOT NULL,
    chosen_by       text        NOT NULL, -- a person's name; empty: the only client of its name, when its first project was made
    chosen_at       timestamptz NOT NULL
);

-- A wish that an organisation gets a client of its own in Harvest, which finds it again by its name.
CREATE TABLE client_making (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    agent_id        bigint      NOT NULL,
    agent_name      text        NOT NULL,
    organisation_id bigint      NOT NULL,
    name            text        NOT NULL,
    state           text        NOT NULL CHECK (state IN ('making', 'stopped', 'made')),
    problem         text,
    problem_code    text,
    called_at       timestamptz, -- when a call to Harvest began whose outcome is not known
    check_late_at   timestamptz,
    attempts        integer     NOT NULL DEFAULT 0,
    next_try_at     timestamptz NOT NULL,
    claim           uuid,
    lease_until     timestamptz,
    changed_at      timestamptz NOT NULL
);
CREATE UNIQUE INDEX client_making_one ON client_making (organisation_id) WHERE state IN ('making', 'stopped');
CREATE INDEX client_making_due ON client_making (next_try_at) WHERE state = 'making';
