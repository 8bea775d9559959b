-- How many notes each agent has had written by the language model on a day. Owned by plugin_server/notes.

CREATE TABLE note_count (
    agent_id bigint  NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
    day      date    NOT NULL, -- in the agent's zone
    asked    integer NOT NULL,
    PRIMARY KEY (agent_id, day)
);
