-- Harvest projects that are made for tickets. Owned by plugin_server/projects.

-- A wish that a ticket gets a project, and how far it has come. The project carries the wish's id in its notes, by which
-- it is found when the answer to the call that made it was lost.
CREATE TABLE project_making (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    agent_id      bigint      NOT NULL, -- who asked; 0: a rule of the manifest
    ticket_id     bigint      NOT NULL,
    state         text        NOT NULL CHECK (state IN ('making', 'stopped', 'made', 'dropped')),
    client_id     bigint,               -- set when the project is about to be made, as are name, code and budget
    name          text        NOT NULL DEFAULT '',
    code          text        NOT NULL DEFAULT '',
    budget        bigint,               -- hundredths of an hour, as last written to Harvest; null: none
    project_id    bigint,               -- null: not made yet
    linked        boolean     NOT NULL DEFAULT false, -- the ticket has named it
    details       jsonb       NOT NULL DEFAULT '{}',  -- what the problem's words name
    problem       text,
    problem_code  text,
    called_at     timestamptz,          -- when a call to Harvest began whose outcome is not known
    check_late_at timestamptz,          -- after uncertain calls: look then whether one made another project
    attempts      integer     NOT NULL DEFAULT 0,
    next_try_at   timestamptz NOT NULL,
    claim         uuid,
    lease_until   timestamptz,
    created_at    timestamptz NOT NULL,
    changed_at    timestamptz NOT NULL  -- of the state
);
CREATE UNIQUE INDEX project_making_one ON project_making (ticket_id) WHERE state IN ('making', 'stopped');
CREATE INDEX project_making_ticket ON project_making (ticket_id, created_at);
CREATE INDEX project_making_due ON project_making (next_try_at) WHERE state = 'making';
CREATE INDEX project_making_late ON project_making (check_late_at) WHERE check_late_at IS NOT NULL;
