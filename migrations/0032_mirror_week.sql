-- On which day the account's weeks begin. Owned by plugin_server/mirror.

ALTER TABLE harvest_company ADD COLUMN week_start_day text NOT NULL DEFAULT 'Monday'; -- Harvest's English name of the day
