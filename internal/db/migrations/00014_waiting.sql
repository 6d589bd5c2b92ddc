-- Whom a flow waits for are the people of the step whose turn it is, as db.Blocking says: nobody of a step of which enough have signed or
-- approved, although some may still hold an open task. Somebody whose signature the platform's review refused has to sign again.
DROP VIEW flow_waits;
CREATE VIEW flow_people AS
    SELECT flow_id, step, position, user_name AS name, sent AS since, status IN (0, 12, 13) AS open, status = 1 AS done FROM flow_approvers
    UNION ALL
    SELECT flow_id, step, position, CASE WHEN account_id = '' THEN '@' || role ELSE name END, asked, status = 0, status = 1 FROM flow_approvals;
CREATE VIEW flow_waits AS
    SELECT flow_id, step, position, name, since FROM flow_people AS p WHERE open AND step = (
        SELECT s.step FROM flow_people AS s JOIN flows AS f ON f.id = s.flow_id WHERE s.flow_id = p.flow_id GROUP BY s.step
        HAVING sum(s.done) < CASE WHEN json_extract(f.document, '$.needs."' || s.step || '"') BETWEEN 1 AND count(*)
            THEN json_extract(f.document, '$.needs."' || s.step || '"') ELSE count(*) END
        ORDER BY s.step LIMIT 1);

DROP INDEX flow_approvers_waiting;
CREATE INDEX flow_approvers_waiting ON flow_approvers (user_name, flow_id) WHERE status IN (0, 12, 13);

-- Steps change too, when somebody is moved.
DROP TRIGGER flow_approvers_changed;
DROP TRIGGER flow_approvals_changed;
CREATE TRIGGER flow_approvers_changed AFTER UPDATE OF user_id, user_name, status, sent, step ON flow_approvers BEGIN
    UPDATE flows SET state = state WHERE id = new.flow_id;
END;
CREATE TRIGGER flow_approvals_changed AFTER UPDATE OF status, asked, step ON flow_approvals BEGIN
    UPDATE flows SET state = state WHERE id = new.flow_id;
END;
UPDATE flows SET state = state WHERE state IN (0, 1);
