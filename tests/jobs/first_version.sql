-- The room as the first version left it, with a job of each kind of fate.
CREATE TABLE jobs (
    id VARCHAR NOT NULL PRIMARY KEY, owner VARCHAR, phase VARCHAR NOT NULL, parameters JSON NOT NULL, run_id VARCHAR,
    created BIGINT NOT NULL, queued BIGINT, started BIGINT, ended BIGINT, destruction BIGINT NOT NULL,
    execution_duration INTEGER NOT NULL, quote BIGINT, restarts INTEGER NOT NULL, progress FLOAT, rows BIGINT,
    bytes BIGINT, overflow BOOLEAN NOT NULL, error JSON
);
CREATE INDEX jobs_of_owner ON jobs (owner, created, id);
CREATE INDEX jobs_of_owner_in_phase ON jobs (owner, phase, created, id);
CREATE INDEX jobs_in_phase ON jobs (phase, queued, id);
CREATE INDEX jobs_by_destruction ON jobs (destruction);
CREATE TABLE jobs_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO jobs_version VALUES ('0001');
INSERT INTO jobs VALUES
    ('done', 'vera', 'COMPLETED', '{"LANG": "ADQL", "QUERY": "SELECT ''\u00fc\n''"}', 'märz ☄',
     1000, 1001, 1002, 1003, 9000, 60, NULL, 1, 1.0, 7, 800, TRUE, NULL),
    ('wrong', 'vera', 'ERROR', '{"QUERY": "SELECT 2"}', NULL,
     2000, 2001, 2002, 2003, 9000, 60, NULL, 0, NULL, NULL, NULL, FALSE,
     '{"code": "adql", "message": "No", "line": 1, "column": 2, "length": 3}'),
    ('waits', 'vera', 'QUEUED', '{"QUERY": "SELECT 3", "MAXREC": "5"}', NULL,
     3000, 3001, NULL, NULL, 9000, 60, NULL, 0, NULL, NULL, NULL, FALSE, NULL),
    ('nobodys', NULL, 'PENDING', '{}', NULL,
     4000, NULL, NULL, NULL, 9000, 60, NULL, 0, NULL, NULL, NULL, FALSE, NULL);
