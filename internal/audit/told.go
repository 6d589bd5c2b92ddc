package audit

import (
	"context"
	"strconv"
	"strings"

	"sealdesk/internal/store"
)

// Told gives the newest event of any of some actions which says that it was done (OK) to an object and whose detail has the text about; an empty
// one is in all. ErrNotFound for none. It reads the database of the log in the transaction of whoever acts upon the answer, and by an index: it
// takes as long as the object has events. What the event tells of persons stays tokens.
func Told(ctx context.Context, tx *store.Tx, objectType, objectID, about string, actions ...string) (Event, error) {
	args := []any{objectID, objectType, about, OK}
	list := make([]string, len(actions))
	for i, action := range actions {
		args, list[i] = append(args, action), "$"+strconv.Itoa(len(args)+1)
	}
	// The plus signs leave SQLite no index but that of the object.
	return scanEvent(tx.QueryRow(ctx, "SELECT "+columns+` FROM audit_events WHERE object_id = $1 AND object_type = $2 AND object_id <> ''
		AND ($3 = '' OR instr(CAST(detail AS TEXT), $3)) AND +outcome = $4 AND +action IN (`+strings.Join(list, ", ")+") ORDER BY seq DESC LIMIT 1", args...))
}
