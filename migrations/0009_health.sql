-- How each part that runs or stands elsewhere was found when it was last looked at. Owned by plugin_server/panel.

CREATE TABLE component_health (
    name          text PRIMARY KEY CHECK (name IN ('worker', 'harvest', 'helpdesk')),
    looked_at     timestamptz NOT NULL,
    answered_at   timestamptz, -- when it last did what it is there for
    failing_since timestamptz, -- null: the last look found it well
    refused       boolean NOT NULL DEFAULT false, -- it answers, but does not let us in
    problem       text,        -- in its words or ours
    CHECK ((failing_since IS NULL) = (problem IS NULL))
);
