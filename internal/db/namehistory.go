package db

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"sealdesk/internal/store"
)

// ActorType is the type of a reference that names an account by its log-in name.
const ActorType = "actor"

// NameChange is what an event of the audit log tells of its object's name. Before is empty where the object was made.
type NameChange struct {
	Seq           int64
	Before, After string
}

// NameAt is the name that was good when an event was recorded, by the changes of an object's name, oldest first; empty where they do not tell.
func NameAt(changes []NameChange, seq int64) string {
	name := ""
	for _, c := range changes {
		if c.Seq >= seq {
			if name == "" {
				name = c.Before
			}
			break
		}
		name = c.After
	}
	return name
}

// nameEvents are the events that tell of a name, by the type of what they name.
var nameEvents = map[string]string{
	"account":      "'setup.complete', 'account.add', 'account.invite', 'account.change'",
	"organization": "'organization.update'",
	"user":         "'user.update'",
	"file":         "'file.rename'",
}

// nameIn is the name that an event keeps as it was "before" or "after": a text, or a field of the object.
func nameIn(when string) string {
	at := "'$." + when
	return "CASE WHEN NOT json_valid(e.detail) THEN '' WHEN json_type(e.detail, " + at + "') = 'text' THEN json_extract(e.detail, " + at + "') ELSE " +
		"coalesce(json_extract(e.detail, " + at + ".display_name'), json_extract(e.detail, " + at + ".name'), '') END"
}

// NameChanges reads how the names of objects changed, oldest first, so that what happened can be told in the names of its time. An account may
// be asked for by its log-in name, with the type ActorType. Objects whose name never changed are missing.
func (d *DB) NameChanges(ctx context.Context, refs []ObjectRef) (map[ObjectRef][]NameChange, error) {
	ids := make(map[string][]string)
	for _, ref := range refs {
		if ref.ID != "" && !slices.Contains(ids[ref.Type], ref.ID) {
			ids[ref.Type] = append(ids[ref.Type], ref.ID)
		}
	}
	all := make(map[ObjectRef][]NameChange)
	err := d.store.Read(ctx, func(tx *store.Tx) error {
		for kind, wanted := range ids {
			objectType, key, from := kind, "e.object_id", "audit_events e INDEXED BY audit_by_object"
			if kind == ActorType {
				objectType, key, from = "account", "a.name", "main.accounts a CROSS JOIN "+from+" ON e.object_id = a.id"
			}
			actions, ok := nameEvents[objectType]
			if !ok {
				continue
			}
			list, args := placeholders(wanted)
			rows, err := tx.Query(ctx, "SELECT "+key+", e.seq, "+nameIn("before")+", "+nameIn("after")+" FROM "+from+" WHERE "+key+" IN ("+list+
				") AND e.object_type = '"+objectType+"' AND e.object_id <> '' AND e.outcome = 'ok' AND e.action IN ("+actions+") ORDER BY e.seq", args...)
			if err != nil {
				return err
			}
			var texts []string
			refs := []ObjectRef{}
			changes, err := collect(rows, func(row interface{ Scan(...any) error }) (c NameChange, err error) {
				ref := ObjectRef{Type: kind}
				err = row.Scan(&ref.ID, &c.Seq, &c.Before, &c.After)
				refs, texts = append(refs, ref), append(texts, c.Before, c.After)
				return c, err
			})
			if err != nil {
				return err
			}
			read, err := d.audit.Reveal(ctx, tx, texts)
			if err != nil {
				return err
			}
			for i, c := range changes {
				c.Before, c.After = cmp.Or(read[c.Before], c.Before), cmp.Or(read[c.After], c.After)
				all[refs[i]] = append(all[refs[i]], c)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("names of their time: %w", err)
	}
	return all, nil
}
