package db

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sealdesk/internal/store"
)

// ObjectRef names an object as events of the audit log do: contracts by our id or by the platform's.
type ObjectRef struct{ Type, ID string }

// Object is something that events tell of. ID is the portal's; Name is empty where the object has none.
type Object struct{ Type, ID, Name string }

// namedKind is where objects of one type stand. Every query gives an id that was asked for, the portal's id and the name.
type namedKind struct {
	table, name string
	also        string // another column that names the object
}

// namedKinds are the types of objects that the index can name.
var namedKinds = map[string]namedKind{
	"organization": {"organizations", "name", ""},
	"user":         {"users", "name", ""},
	"seal":         {"seals", "owner_name || ' ' || name", ""},
	"file":         {"files", "name", ""},
	"flow":         {"flows", "name", "platform_id"},
	"draft":        {"drafts", "name", ""},
	"template":     {"drafts", "name", ""},
	"account":      {"accounts", "display_name", ""},
	"bulk":         {"bulk_batches", "name", ""},
	"import":       {"imports", "file_name", ""},
	"catalog":      {"catalogs", "name", ""},
	"view":         {"flow_views", "name", ""},
}

// ObjectNames looks objects up in the index, whoever asks: an audit log tells of all. What is gone is missing in the answer.
func (d *DB) ObjectNames(ctx context.Context, refs []ObjectRef) (map[ObjectRef]Object, error) {
	ids := make(map[string][]string)
	for _, ref := range refs {
		if _, ok := namedKinds[ref.Type]; ok && ref.ID != "" && !slices.Contains(ids[ref.Type], ref.ID) {
			ids[ref.Type] = append(ids[ref.Type], ref.ID)
		}
	}
	found := make(map[ObjectRef]Object)
	err := d.store.Read(ctx, func(tx *store.Tx) error {
		for kind, wanted := range ids {
			k := namedKinds[kind]
			columns := []string{"id"}
			if k.also != "" {
				columns = append(columns, k.also)
			}
			for _, column := range columns {
				list, args := placeholders(wanted)
				rows, err := tx.Query(ctx, fmt.Sprintf("SELECT %s, id, %s FROM %s WHERE %s IN (%s) AND %[1]s <> ''", column, k.name, k.table, column, list), args...)
				if err != nil {
					return err
				}
				if err := scanObjects(rows, func(key, id, name string) { found[ObjectRef{kind, key}] = Object{kind, id, name} }); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("name objects: %w", err)
	}
	return found, nil
}

// scanObjects reads rows of three texts.
func scanObjects(rows *sql.Rows, found func(a, b, c string)) error {
	defer rows.Close()
	for rows.Next() {
		var a, b, c string
		if err := rows.Scan(&a, &b, &c); err != nil {
			return err
		}
		found(a, b, c)
	}
	return rows.Err()
}

// placeholders are the marks of a list of texts, and the texts as arguments.
func placeholders(texts []string) (string, []any) {
	marks, args := make([]string, len(texts)), make([]any, len(texts))
	for i, text := range texts {
		marks[i], args[i] = "$"+strconv.Itoa(i+1), text
	}
	return strings.Join(marks, ", "), args
}

// Actor is an account as the audit log names it.
type Actor struct{ Name, DisplayName string }

// Actors are the accounts, disabled ones too, by display name; at most MaxChoices.
func (d *DB) Actors(ctx context.Context) ([]Actor, error) {
	return d.actors(ctx, "1 = 1", nil)
}

// ActorNames are the display names of accounts by their names. Who has no account (any more) is missing.
func (d *DB) ActorNames(ctx context.Context, names []string) (map[string]string, error) {
	display := make(map[string]string)
	if len(names) == 0 {
		return display, nil
	}
	list, args := placeholders(names)
	actors, err := d.actors(ctx, "name IN ("+list+")", args)
	for _, a := range actors {
		display[a.Name] = a.DisplayName
	}
	return display, err
}

// ActorsCalled are the accounts with a name or a display name.
func (d *DB) ActorsCalled(ctx context.Context, name string) ([]Actor, error) {
	return d.actors(ctx, "name_key = $1 OR display_name = $2", []any{nameKey(name), strings.TrimSpace(name)})
}

func (d *DB) actors(ctx context.Context, condition string, args []any) (all []Actor, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, "SELECT name, display_name FROM main.accounts WHERE "+condition+" ORDER BY display_name, name LIMIT "+strconv.Itoa(MaxChoices), args...)
		if err != nil {
			return err
		}
		all, err = collect(rows, func(row interface{ Scan(...any) error }) (a Actor, err error) {
			err = row.Scan(&a.Name, &a.DisplayName)
			return a, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list actors: %w", err)
	}
	return all, nil
}

// maxFound is how many objects a search by name gives.
const maxFound = 8

// findByID are the ways from an id, a number or a public name to the object that it belongs to, whose type, id and name they give.
var findByID = []string{
	`SELECT 'flow', id, name FROM main.flows WHERE id = $1 OR platform_id = $1`,
	`SELECT 'flow', f.id, f.name FROM main.flow_approvers a JOIN main.flows f ON f.id = a.flow_id WHERE a.sign_id = $1`,
	`SELECT 'flow', f.id, f.name FROM main.flow_outbox o JOIN main.flows f ON f.id = o.flow_id WHERE o.result = $1 AND o.kind IN ('upload', 'create', 'send')`,
	`SELECT 'seal', id, owner_name || ' ' || name FROM main.seals WHERE id = $1`,
	`SELECT 'file', id, name FROM main.files WHERE id = $1 OR ref = $1`,
	`SELECT 'organization', id, name FROM main.organizations WHERE id = $1 OR id_card_number = $1`,
	`SELECT 'user', id, name FROM main.users WHERE id = $1`,
	`SELECT CASE WHEN json_type(document, '$.template') = 'object' THEN 'template' ELSE 'draft' END, id, name FROM main.drafts WHERE id = $1`,
	`SELECT 'account', id, display_name FROM main.accounts WHERE id = $1`,
	`SELECT 'account', a.id, a.display_name FROM main.sessions s JOIN main.accounts a ON a.id = s.account_id WHERE s.public_id = $1`,
	`SELECT 'bulk', id, name FROM main.bulk_batches WHERE id = $1`,
	`SELECT 'catalog', id, name FROM main.catalogs WHERE id = $1`,
	`SELECT 'import', id, file_name FROM imports WHERE id = $1`,
}

// findByName are the ways from a name as it stands to objects, newest first.
var findByName = []string{
	`SELECT 'flow', id, name FROM main.flows WHERE id IN (SELECT o.object_id FROM search_objects o JOIN search_terms ON search_terms.rowid = o.id
		WHERE o.kind = 'flows' AND search_terms MATCH $2) AND name = $1 ORDER BY created DESC LIMIT 8`,
	`SELECT 'seal', id, owner_name || ' ' || name FROM main.seals WHERE name = $1 OR owner_name || ' ' || name = $1 ORDER BY created_at DESC LIMIT 8`,
	`SELECT 'file', id, name FROM main.files WHERE name = $1 ORDER BY created DESC LIMIT 8`,
	`SELECT 'organization', id, name FROM main.organizations WHERE name = $1 LIMIT 8`,
	`SELECT 'user', id, name FROM main.users WHERE name = $1 LIMIT 8`,
	`SELECT 'account', id, display_name FROM main.accounts WHERE display_name = $1 OR name = $1 LIMIT 8`,
}

// FindObjects finds the objects that a text names: by any of their ids, of the portal or the platform, else by their name. At most eight of
// a kind are given; within tells that the first one was found by an id, and is the only one.
func (d *DB) FindObjects(ctx context.Context, text string) (found []Object, byID bool, err error) {
	if text = strings.TrimSpace(text); text == "" {
		return nil, false, nil
	}
	add := func(kind, id, name string) {
		if o := (Object{kind, id, name}); !slices.Contains(found, o) {
			found = append(found, o)
		}
	}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		for _, query := range findByID {
			rows, err := tx.Query(ctx, query, text)
			if err == nil {
				err = scanObjects(rows, add)
			}
			if err != nil {
				return err
			}
		}
		if byID = len(found) > 0; byID {
			return nil
		}
		words := MatchQuery(text)
		for i, query := range findByName {
			args := []any{text}
			if i == 0 {
				if words == "" {
					continue
				}
				args = append(args, words)
			}
			rows, err := tx.Query(ctx, query, args...)
			if err == nil {
				err = scanObjects(rows, add)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("find objects: %w", err)
	}
	return found[:min(len(found), 3*maxFound)], byID, nil
}

// ObjectIDs are the ids under which events tell of an object and of what belongs to it: of a contract its number at the platform, the tasks
// of its signers, its files there and here, its links.
func (d *DB) ObjectIDs(ctx context.Context, o Object) ([]string, error) {
	ids := []string{o.ID}
	if o.Type != "flow" {
		return ids, nil
	}
	err := d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT platform_id, '', '' FROM main.flows WHERE id = $1 AND platform_id <> ''
			UNION SELECT sign_id, '', '' FROM main.flow_approvers WHERE flow_id = $1 AND sign_id <> ''
			UNION SELECT result, '', '' FROM main.flow_outbox WHERE flow_id = $1 AND kind IN ('upload', 'create', 'send') AND result <> ''
			UNION SELECT value, '', '' FROM main.flows, json_each(flows.document, '$.files') WHERE flows.id = $1`, o.ID)
		if err != nil {
			return err
		}
		return scanObjects(rows, func(id, _, _ string) {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		})
	})
	if err != nil {
		return nil, fmt.Errorf("ids of %s %s: %w", o.Type, o.ID, err)
	}
	return ids, nil
}
