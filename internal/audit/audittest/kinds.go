package audittest

import "strings"

const rebuilt = "CREATE TABLE other AS SELECT * FROM audit_events; DROP TABLE audit_events; ALTER TABLE other RENAME TO audit_events; " +
	"CREATE INDEX audit_by_actor ON audit_events (actor, outcome); CREATE INDEX audit_by_action ON audit_events (action, outcome)"

// Kinds are the kinds of tampering.
func Kinds() []Kind {
	all := []Kind{
		{Name: "delete in the middle", SQL: "DELETE FROM audit_events WHERE seq = 5", Want: "missing 5", Quiet: true},
		{Name: "delete the first", SQL: "DELETE FROM audit_events WHERE seq = 0", Want: "missing 0", Quiet: true},
		{Name: "delete and close the gap", SQL: "DELETE FROM audit_events WHERE seq = 5; UPDATE audit_events SET seq = seq - 1 WHERE seq > 5",
			Recompute: true, Want: "cut 20"},
		{Name: "cut the last", SQL: "DELETE FROM audit_events WHERE seq >= 19", Want: "cut 20"},
		{Name: "cut the tail", SQL: "DELETE FROM audit_events WHERE seq >= 15", Want: "cut 20"},
		{Name: "cut to a whole tree", SQL: "DELETE FROM audit_events WHERE seq >= 16", Want: "cut 20"},
		{Name: "cut the tail and the checkpoint", SQL: "DELETE FROM audit_events WHERE seq >= 15; DELETE FROM audit_checkpoint",
			Want: "checkpoint 0", Later: "cut 20", Alone: "break 15"},
		{Name: "cut the tail and the checkpoint's size", SQL: "DELETE FROM audit_events WHERE seq >= 15; UPDATE audit_checkpoint SET size = 15", Want: "cut 20"},
		{Name: "an older checkpoint", act: older(false, ""), Want: "unsigned 12", Later: "break 20"},
		{Name: "an older state", act: older(true, ""), Want: "seal 12", Later: "cut 20", Alone: "break 12"},
		{Name: "an older state without a seal", act: older(true, ", seal = ''"), Want: "seal 12", Later: "cut 20", Alone: "break 12"},
		{Name: "no seal", SQL: "UPDATE audit_checkpoint SET seal = ''", Want: "seal 20", Later: "break 20"},
		{Name: "all events", SQL: "DELETE FROM audit_events", Want: "cut 20", Refused: true},
		{Name: "all events and the checkpoint", SQL: "DELETE FROM audit_events; DELETE FROM audit_checkpoint", Want: "cut 20", Blind: true, Refused: true},
		{Name: "a made-up event", SQL: madeUp("20"), Want: "content 20"},
		{Name: "a made-up event with hashes", SQL: madeUp("20"), Recompute: true, Want: "unsigned 20"},
		{Name: "many made-up events", SQL: strings.Join([]string{madeUp("20"), madeUp("21"), madeUp("22")}, ";"), Recompute: true, Want: "unsigned 20"},
		{Name: "a made-up event far behind", SQL: madeUp("1000"), Want: "content 1000"},
		{Name: "a made-up event with the last number", SQL: madeUp("9223372036854775807"), Want: "content 9223372036854775807", Quiet: true},
		{Name: "a made-up event with the last number but one", SQL: madeUp("9223372036854775806"), Want: "content 9223372036854775806"},
		{Name: "a made-up event before the first", SQL: madeUp("-1"), Want: "content -1", Quiet: true},
		{Name: "a made-up event within", SQL: "UPDATE audit_events SET seq = -seq WHERE seq > 7; UPDATE audit_events SET seq = 1 - seq WHERE seq < 0; " + madeUp("8"),
			Recompute: true, Want: "unsigned 20"},
		{Name: "swap", SQL: "UPDATE audit_events SET seq = -seq WHERE seq = 7; UPDATE audit_events SET seq = 7 WHERE seq = 8; UPDATE audit_events SET seq = 8 WHERE seq = -7",
			Want: "content 7", Quiet: true},
		{Name: "swap with hashes", SQL: "UPDATE audit_events SET seq = -seq WHERE seq = 7; UPDATE audit_events SET seq = 7 WHERE seq = 8; UPDATE audit_events SET seq = 8 WHERE seq = -7",
			Recompute: true, Want: "root 20"},
		{Name: "one event over another", SQL: "DELETE FROM audit_events WHERE seq = 9; " + madeUp("9"), Want: "content 9", Quiet: true},
		{Name: "an inner hash", SQL: "UPDATE audit_events SET hashes = CAST(substr(hashes, 1, 32) || zeroblob(32) AS BLOB) WHERE seq = 1", Want: "nodes 1", Quiet: true},
		{Name: "a hash of the edge", SQL: "UPDATE audit_events SET hashes = CAST(substr(hashes, 1, 64) || zeroblob(32) AS BLOB) WHERE seq = 19", Want: "nodes 19"},
		{Name: "no hash", SQL: "UPDATE audit_events SET hashes = x'' WHERE seq = 1", Want: "content 1", Quiet: true},
		{Name: "no hash at the edge", SQL: "UPDATE audit_events SET hashes = x'' WHERE seq = 15", Want: "content 15"},
		{Name: "a short hash", SQL: "UPDATE audit_events SET hashes = substr(hashes, 1, 31) WHERE seq = 4", Want: "content 4", Quiet: true},
		{Name: "a long hash", SQL: "UPDATE audit_events SET hashes = CAST(hashes || x'00' AS BLOB) WHERE seq = 4", Want: "nodes 4", Quiet: true},
		{Name: "edit with its hash", SQL: "UPDATE audit_events SET actor = 'mallory' WHERE seq = 19", Recompute: true, Want: "root 20"},
		{Name: "edit with all hashes", SQL: "UPDATE audit_events SET actor = 'mallory' WHERE seq = 6", Recompute: true, Want: "root 20"},
		{Name: "edit the first with all hashes", SQL: "UPDATE audit_events SET detail = '{}' WHERE seq = 0", Recompute: true, Want: "root 20"},
		{Name: "all times with all hashes", SQL: "UPDATE audit_events SET time = time - 3600000000", Recompute: true, Want: "root 20"},
		{Name: "an outcome with all hashes", SQL: "UPDATE audit_events SET outcome = 'ok' WHERE outcome = 'denied'", Recompute: true, Want: "root 20"},
		{Name: "text moved to another field", SQL: "UPDATE audit_events SET actor = actor || role, role = '' WHERE seq = 4", Want: "content 4", Quiet: true},
		{Name: "the checkpoint's text", SQL: "UPDATE audit_checkpoint SET text = replace(text, '20', '21')", Want: "signature 0", Later: "break 20"},
		{Name: "the checkpoint's size", SQL: "UPDATE audit_checkpoint SET size = 1 << 40", Want: "signature 0", Later: "break 20"},
		{Name: "no checkpoint", SQL: "DELETE FROM audit_checkpoint", Want: "checkpoint 0", Later: "break 20"},
		{Name: "a checkpoint of another key", act: resigned(""), Want: "signature 0", Later: "root 20", Alone: "break 20"},
		{Name: "a checkpoint of another name", act: resigned("elsewhere.example/audit"), Want: "signature 0", Later: "root 20", Alone: "break 20"},
		{Name: "a trigger that loses events", SQL: "CREATE TRIGGER lose AFTER INSERT ON audit_events WHEN NEW.seq = 20 BEGIN DELETE FROM audit_events WHERE seq = NEW.seq; END; " +
			"DELETE FROM audit_events WHERE seq = 19", Want: "cut 20", Structure: true},
		{Name: "the table anew without rules", SQL: rebuilt + "; UPDATE audit_events SET time = 'yesterday', hashes = NULL WHERE seq = 6", Want: "content 6", Quiet: true, Structure: true},
		{Name: "the table anew without a number", SQL: rebuilt + "; UPDATE audit_events SET seq = NULL WHERE seq = 6", Want: "missing 6", Quiet: true, Structure: true},
		{Name: "the key", Key: true, Want: "signature 0", Later: "break 20"},
	}
	for _, column := range Columns[1:] {
		change := column + " = " + column + " || 'x'"
		if column == "time" || column == "duration" {
			change = column + " = " + column + " + 1"
		}
		all = append(all, Kind{Name: "column " + column, SQL: "UPDATE audit_events SET " + change + " WHERE seq = 11", Want: "content 11", Quiet: true})
	}
	return all
}
