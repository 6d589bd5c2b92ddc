package handlers

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

// auditSayKey begins the keys of the sentences that say what an event did.
const auditSayKey = "audit.say."

// signerActions are the events that tell what a signer did; their actor is who told of it.
var signerActions = map[string]bool{"flow.signed": true, "flow.rejected": true, "flow.review": true, "flow.review_refused": true,
	"flow.approver_expired": true, "flow.approver_changed": true}

// quotedTypes are the types of objects whose names are set in title marks; names of others stand as they are.
var quotedTypes = map[string]string{"flow": "titled", "draft": "titled", "template": "titled", "file": "titled", "catalog": "titled", "bulk": "titled",
	"import": "titled", "seal": "quoted", "view": "quoted"}

// auditNames are the names that the events of a page need, looked up at once.
type auditNames struct {
	actors  map[string]string
	objects map[db.ObjectRef]db.Object
	changes map[db.ObjectRef][]db.NameChange // so that each event is told in the names of its time
	// evidence tells that the reader can be shown the evidence of the engine.
	evidence bool
}

// auditNames looks up who acts in some events and what they are about.
func (s *server) auditNames(ctx context.Context, events ...*audit.Event) (n auditNames, err error) {
	var actors []string
	var refs []db.ObjectRef
	for _, e := range events {
		if e.Actor.Name != "" && !slices.Contains(actors, e.Actor.Name) {
			actors = append(actors, e.Actor.Name)
			refs = append(refs, db.ObjectRef{Type: db.ActorType, ID: e.Actor.Name})
		}
		refs = append(refs, db.ObjectRef{Type: e.ObjectType, ID: e.ObjectID}, db.ObjectRef{Type: "organization", ID: detailText(e, "organization")},
			db.ObjectRef{Type: "user", ID: detailText(e, "user")}, db.ObjectRef{Type: "seal", ID: detailText(e, "previous")})
		for _, id := range detailTexts(e, "seals") {
			refs = append(refs, db.ObjectRef{Type: "seal", ID: id})
		}
	}
	if n.actors, err = s.db.ActorNames(ctx, actors); err != nil {
		return n, err
	}
	n.evidence = s.evidence != nil && can(ctx, auth.AuditRead)
	if n.changes, err = s.db.NameChanges(ctx, refs); err != nil {
		return n, err
	}
	n.objects, err = s.db.ObjectNames(ctx, refs)
	return n, err
}

// at is the name that an object had when an event happened; empty where nothing tells.
func (n auditNames) at(e *audit.Event, objectType, id string) string {
	return db.NameAt(n.changes[db.ObjectRef{Type: objectType, ID: id}], e.Seq)
}

// detailText is a text of an event's detail, empty where it has none of that name.
func detailText(e *audit.Event, names ...string) string {
	for _, name := range names {
		if text, ok := e.Detail[name].(string); ok && text != "" {
			return text
		}
	}
	return ""
}

// detailTexts are the texts of a list in an event's detail.
func detailTexts(e *audit.Event, name string) (texts []string) {
	list, _ := e.Detail[name].([]any)
	for _, value := range list {
		if text, ok := value.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// toldBy tells that an event is what a signer did, recorded by whoever heard of it; recorder is the name of that one.
func toldBy(e *audit.Event) (signer, recorder string, ok bool) {
	signer = detailText(e, "approver")
	if signer == "" || !signerActions[e.Action] {
		return "", "", false
	}
	return signer, e.Actor.Name, true
}

// toldKey is the key of the words for how it was heard of: the platform called, or it answered somebody who asked it about the contract.
func toldKey(recorder string) string {
	if recorder == audit.ActorCallback {
		return "audit.who.told"
	}
	return "audit.who.asked"
}

// who is who acted by the name of that time, and what else one must know of it: the log-in name always.
func (n auditNames) who(ctx context.Context, e *audit.Event) (name, note string) {
	if signer, recorder, ok := toldBy(e); ok {
		return i18n.T(ctx, "audit.who.signer", "Name", signer), i18n.T(ctx, toldKey(recorder), "Source", n.actor(ctx, e, recorder))
	}
	name = n.actor(ctx, e, e.Actor.Name)
	if e.Actor.IsMachine() {
		if e.Actor.Name == audit.ActorTerminal {
			note = e.Actor.UserAgent // who of the machine's users
		}
		return name, note
	}
	account := n.actors[e.Actor.Name] != ""
	if account && e.Actor.Name != name {
		note = e.Actor.Name
	}
	if account && (db.Misleads(name) || db.Misleads(note)) { // one of before such names were refused
		name = i18n.T(ctx, "audit.who.account", "Name", name)
	}
	if account && e.Actor.Role == audit.RoleSystem {
		note = strings.Join(slices.DeleteFunc([]string{note, i18n.T(ctx, "audit.who.order")}, func(s string) bool { return s == "" }), " · ")
	}
	return name, note
}

// actor is the display name that an account had when the event happened, and the name of what acts without one.
func (n auditNames) actor(ctx context.Context, e *audit.Event, name string) string {
	if name == "" {
		return i18n.T(ctx, "audit.actor.nobody")
	}
	if slices.Contains(audit.Machines(), name) && (name != e.Actor.Name || e.Actor.IsMachine()) {
		return i18n.T(ctx, "audit.actor."+name)
	}
	if display := cmp.Or(n.at(e, db.ActorType, name), n.actors[name]); display != "" {
		return display
	}
	return accountText(ctx, name)
}

// object is what an event is about. Its name is the one that the event itself recorded; else the one of the index; what is gone has none.
func (n auditNames) object(ctx context.Context, e *audit.Event) templates.AuditObject {
	o := templates.AuditObject{ID: e.ObjectID, Type: e.ObjectType}
	if e.ObjectType != "" {
		o.Kind = textOr(ctx, "audit.object."+e.ObjectType, e.ObjectType)
	}
	known, ok := n.objects[db.ObjectRef{Type: e.ObjectType, ID: e.ObjectID}]
	if ok {
		o.ID = known.ID
	}
	o.Name = cmp.Or(recordedName(e), n.at(e, e.ObjectType, o.ID), known.Name)
	if e.ObjectType == "checkpoint" {
		o.Name = textOr(ctx, "checkpoints.way."+e.ObjectID, e.ObjectID)
	}
	if p, has := objectPages[e.ObjectType]; ok && has && can(ctx, p.need) {
		o.URL = p.path + known.ID
	}
	return o
}

// recordedName is the name of the object at the time, where the event has kept it.
func recordedName(e *audit.Event) string {
	if e.IsCall() {
		return ""
	}
	for _, detail := range []any{e.Detail, e.Detail["after"], e.Detail["before"]} {
		fields, _ := detail.(map[string]any)
		for _, field := range []string{"display_name", "name", "file"} {
			if field == "file" && e.ObjectType != "import" && e.ObjectType != "bulk" { // a file of it, not what it is called
				continue
			}
			if name, ok := fields[field].(string); ok && name != "" {
				return name
			}
		}
	}
	return ""
}

// quoted sets a name in the marks of its type.
func quoted(ctx context.Context, objectType, name string) string {
	if marks := quotedTypes[objectType]; marks != "" && name != "" {
		return i18n.T(ctx, "audit.line."+marks, "Name", name)
	}
	return name
}

// objectText is an object in a sentence: its name in quotes, else a short id, else nothing.
func objectText(ctx context.Context, o templates.AuditObject) string {
	if o.Name != "" {
		return quoted(ctx, o.Type, o.Name)
	}
	return templates.ShortID(o.ID)
}

// objectMark stands for the object in a sentence until its link is put there.
const objectMark = "\x00"

// say is the sentence of an event in three parts, the object in the middle. It has no subject.
func (n auditNames) say(ctx context.Context, e *audit.Event) (before, object, after string) {
	o := n.object(ctx, e)
	object = objectText(ctx, o)
	text := actionText(ctx, e.Action) + " " + objectMark // of an action of another version of the program
	key := auditSayKey + e.Action
	if all := "audit.sayall." + e.Action; e.ObjectID == "" && i18n.Has(ctx, all) {
		key = all
	}
	if after := "audit.sayafter." + e.Action + "." + detailText(e, "after"); i18n.Has(ctx, after) {
		key = after
	}
	if try := "audit.saytry." + e.Action; e.Outcome != audit.OK && i18n.Has(ctx, try) && (e.ObjectID != "" || e.Action != "session.login") {
		key = try
	}
	if asked := detailText(e, "method"); e.Action == "access.denied" && asked != http.MethodGet && asked != http.MethodHead {
		key = auditSayKey + actionRefused
	}
	if i18n.Has(ctx, key) {
		text = i18n.T(ctx, key, "Act", triedText(ctx, e), "Object", objectMark, "Whom", detailText(e, "who", "approver", "detail"), "Organization", n.named(e, "organization"), "User", n.named(e, "user"), "Until", termText(ctx, e),
			"Count", detailCount(e), "Reason", reasonText(ctx, e), "Changes", changesText(ctx, e), "Pages", pagesText(ctx, e), "File", quoted(ctx, "file", detailText(e, "file")),
			"Seals", n.sealsText(ctx, e), "Route", routeText(ctx, e), "Problem", quotedText(ctx, detailText(e, "problem")),
			"Before", stateText(ctx, e, "before"), "After", stateText(ctx, e, "after"), "Previous", n.previous(ctx, e))
	}
	text = howLongText(ctx, e, text)
	if e.Outcome != audit.OK {
		text = i18n.T(ctx, "audit.line."+e.Outcome, "What", text)
	}
	before, after, found := strings.Cut(text, objectMark)
	if !found {
		object = ""
	}
	return before, object, strings.ReplaceAll(after, objectMark, objectText(ctx, o))
}

// named is the name of the organisation or person that an event speaks of besides its object, in the field of that name.
func (n auditNames) named(e *audit.Event, kind string) string {
	id := detailText(e, kind)
	return cmp.Or(n.at(e, kind, id), n.objects[db.ObjectRef{Type: kind, ID: id}].Name, templates.ShortID(id))
}

// routeText is the route of a request about an object.
func routeText(ctx context.Context, e *audit.Event) string {
	if route := detailText(e, "route"); route != "" && e.ObjectType != "route" {
		return i18n.T(ctx, "audit.line.route", "Route", route)
	}
	return ""
}

// triedText is what a refused request would have done, by the last word of its route.
func triedText(ctx context.Context, e *audit.Event) string {
	route := detailText(e, "route")
	return textOr(ctx, "audit.try."+route[strings.LastIndex(route, "/")+1:], i18n.T(ctx, "audit.try"))
}

// sealsText names the seals that a signature was made with, where there are some.
func (n auditNames) sealsText(ctx context.Context, e *audit.Event) string {
	var names []string
	for _, id := range detailTexts(e, "seals") {
		names = append(names, objectText(ctx, templates.AuditObject{Type: "seal", ID: id, Name: n.objects[db.ObjectRef{Type: "seal", ID: id}].Name}))
	}
	if len(names) == 0 {
		return ""
	}
	return i18n.T(ctx, "audit.line.seals", "List", strings.Join(names, i18n.T(ctx, "audit.pages.join")))
}

// detailCount is the number that an event counts.
func detailCount(e *audit.Event) string {
	for _, name := range []string{"approvers", "rows", "events"} {
		if number, ok := e.Detail[name].(json.Number); ok {
			return number.String()
		}
	}
	return "–"
}

// pagesText is which pages of which files were read, where the event tells of pages.
func pagesText(ctx context.Context, e *audit.Event) string {
	pages, _ := e.Detail["pages"].(map[string]any)
	var parts []string
	for _, file := range slices.Sorted(maps.Keys(pages)) {
		text := i18n.T(ctx, "audit.pages", "Pages", pages[file])
		if len(pages) > 1 {
			text = i18n.T(ctx, "audit.pages.file", "File", file, "Pages", text)
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return ""
	}
	return i18n.T(ctx, "audit.pages.of", "List", strings.Join(parts, i18n.T(ctx, "audit.pages.join")))
}

// howLongText adds to the sentence of acts that were counted as one how many they were, and from when to when where they were not at once.
func howLongText(ctx context.Context, e *audit.Event, what string) string {
	if e.Detail["opening"] == nil {
		return what
	}
	key, layout := "audit.read.once", time.TimeOnly
	from, to := e.When()
	from, to = from.In(auditZone), to.In(auditZone)
	if to.Sub(from) >= time.Second {
		key = "audit.read.for"
	}
	if from.YearDay() != to.YearDay() {
		layout = time.DateTime
	}
	return i18n.T(ctx, key, "What", what, "Count", valueText(e.Detail["count"]), "From", from.Format(layout), "To", to.Format(layout))
}

func reasonText(ctx context.Context, e *audit.Event) string {
	return quotedText(ctx, detailText(e, "reason"))
}

// quotedText is what somebody or something said, at the end of a sentence.
func quotedText(ctx context.Context, text string) string {
	if text == "" {
		return ""
	}
	return i18n.T(ctx, "audit.line.reason", "Text", text)
}

// maxChanges is how many changed fields a sentence tells.
const maxChanges = 4

// changesText says which fields changed, and how where both values are short.
func changesText(ctx context.Context, e *audit.Event) string {
	before, _ := e.Detail["before"].(map[string]any)
	after, _ := e.Detail["after"].(map[string]any)
	var parts []string
	for _, c := range auditChanges(before, after) {
		if !c.Changed || len(parts) == maxChanges {
			continue
		}
		field := textOr(ctx, "audit.field."+c.Field, c.Field)
		was, is := fieldText(ctx, c.Field, before[c.Field]), fieldText(ctx, c.Field, after[c.Field])
		if len(was) > 60 || len(is) > 60 {
			parts = append(parts, field)
			continue
		}
		parts = append(parts, i18n.T(ctx, "audit.line.change", "Field", field, "Before", was, "After", is))
	}
	if len(parts) == 0 {
		return ""
	}
	return i18n.T(ctx, "audit.line.changes", "Fields", strings.Join(parts, i18n.T(ctx, "audit.line.change.join")))
}

// fieldText is a value of a changed field in words.
func fieldText(ctx context.Context, field string, value any) string {
	switch v := value.(type) {
	case nil:
		return i18n.T(ctx, "audit.line.change.none")
	case bool:
		if v {
			return i18n.T(ctx, "common.yes")
		}
		return i18n.T(ctx, "common.no")
	case string:
		if yes := map[string]string{"true": "common.yes", "false": "common.no"}[v]; yes != "" && field == "link_only" {
			return i18n.T(ctx, yes)
		}
		if field == "role" && auth.Role(v).Valid() {
			return i18n.T(ctx, "common.role."+v)
		}
		return cmp.Or(v, i18n.T(ctx, "audit.line.change.none"))
	}
	return valueText(value)
}

// sentence is the sentence of an event as one text, without its subject.
func (n auditNames) sentence(ctx context.Context, e *audit.Event) string {
	before, object, after := n.say(ctx, e)
	return strings.TrimSpace(before + object + after)
}

// problemKeys are the texts of codes that mean something else elsewhere, by the beginning of the action.
var problemKeys = map[string]string{"checkpoint": "checkpoints.error.", "delivery": "notices.error."}

// problemText says why an action failed.
func problemText(ctx context.Context, action, code string) string {
	if code == "" {
		return ""
	}
	family, _, _ := strings.Cut(action, ".")
	for _, prefix := range []string{problemKeys[family], "audit.code."} {
		if key := prefix + code; prefix != "" && i18n.Has(ctx, key) {
			return i18n.T(ctx, key)
		}
	}
	return i18n.ErrorText(ctx, code)
}

// eventNumber names an event by its number.
func eventNumber(seq int64) string { return fmt.Sprint(seq) }
