-- An entry that was corrected since its log is no longer what Undo would take away. Owned by plugin_server/timelog.

ALTER TABLE log ADD COLUMN corrected_at timestamptz;
