package audit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Outcomes of an event.
const (
	// Intent is written before a call of the platform leaves.
	Intent = "intent"
	// OK says that it was done.
	OK = "ok"
	// Failed says that it was tried and did not work; ErrorCode tells why.
	Failed = "failed"
	// Denied says that the actor was not allowed to.
	Denied = "denied"
)

// Outcomes lists every outcome in the order in which people read them.
func Outcomes() []string { return []string{OK, Failed, Denied, Intent} }

// Actor is who acts, and from where.
type Actor struct {
	Name      string // account name; empty for nobody who is logged in
	Role      string
	Session   string // public id of the session, not its secret
	IP        string
	UserAgent string
	RequestID string // our own id of the HTTP request, or of the round of background work: what one act caused has the same
}

// NewRequestID makes the name of a request or a round of background work: 24 hex digits, the time in milliseconds and 48 random bits, so
// that an index of them grows at its end.
func NewRequestID(at time.Time) string {
	var id [12]byte
	binary.BigEndian.PutUint64(id[:], uint64(at.UnixMilli())<<16) //nolint:gosec // after 1970
	rand.Read(id[6:])                                             //nolint:errcheck // never fails
	return hex.EncodeToString(id[:])
}

type actorKey struct{}

// WithActor returns a context that names who acts.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom returns who acts, the zero Actor when the context does not say.
func ActorFrom(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
}

// WithRequest gives the context's actor the name of a round of background work where it has none of a request, so that what one act causes is
// found by it.
func WithRequest(ctx context.Context, at time.Time) context.Context {
	a := ActorFrom(ctx)
	if a.RequestID != "" {
		return ctx
	}
	a.RequestID = NewRequestID(at)
	return WithActor(ctx, a)
}

// Event is one record of the log.
type Event struct {
	// Seq is the place in the log, from 0 without a gap. Append sets it.
	Seq int64
	// Time is when the event was appended, in UTC, never earlier than the event before unless the event is an ActionClock. Append sets it.
	Time  time.Time
	Actor Actor
	// Action is what was done, such as "platform.CreateSeal" or "session.login".
	Action string
	// ObjectType and ObjectID name what it was done to, such as "seal" and the seal's id.
	ObjectType, ObjectID string
	// Outcome is Intent, OK, Failed or Denied; Append takes an empty one for OK.
	Outcome string
	// ErrorCode is the platform's or our own code of a failure.
	ErrorCode string
	// PlatformRequestID is the platform's id of the call.
	PlatformRequestID string
	// Duration is how long it took, kept in microseconds.
	Duration time.Duration
	// Detail is anything more, such as "before" and "after" of a change. Personal data is masked by whoever writes it.
	Detail map[string]any
	// DetailText is Detail in JSON; Append sets it.
	DetailText string

	hashed    *hashedTexts // of an event that was read: what the tree covers, where that is not what people read
	concealed bool         // tokens stand in the place of what tells of persons
}

// hashedTexts are those texts of an event in which tokens may stand.
type hashedTexts struct {
	name, ip, userAgent, detail string

	values map[string]Salted // by token; erased ones without a value
}

// columns are an event's columns in the order of its leaf.
const columns = "seq, time, actor, role, session, ip, user_agent, action, object_type, object_id, outcome, error_code, request_id, " +
	"platform_request_id, duration, detail"

// columnNames are the same as a list; exports use them.
var columnNames = strings.Split(columns, ", ")

// The positions of some columns.
const (
	columnTime   = 1
	columnName   = 2
	columnIP     = 5
	columnAgent  = 6
	columnAction = 7
	columnDetail = 15
	columnCount  = 16
)

// The longest texts that are kept, in bytes. Longer ones are cut: they come from browsers and callers. 256 KiB hold a task with a seal on
// each of a thousand pages.
const (
	maxText   = 256
	maxDetail = 256 << 10
)

// prepare turns the event into what is stored: time and number set, texts valid, short and of one line.
func (e *Event) prepare(seq int64, now time.Time) error {
	e.Seq, e.Time = seq, now
	switch e.Outcome {
	case "":
		e.Outcome = OK
	case Intent, OK, Failed, Denied:
	default:
		return fmt.Errorf("the outcome %q is unknown", e.Outcome)
	}
	if e.Action == "" {
		return fmt.Errorf("the event has no action")
	}
	a := &e.Actor
	for _, s := range []*string{&a.Name, &a.Role, &a.Session, &a.IP, &a.UserAgent, &a.RequestID, &e.Action, &e.ObjectType, &e.ObjectID,
		&e.ErrorCode, &e.PlatformRequestID} {
		*s = tidy(*s)
	}
	e.Duration = e.Duration.Truncate(time.Microsecond)
	e.DetailText = ""
	if len(e.Detail) == 0 {
		return nil
	}
	text, err := json.Marshal(e.Detail)
	if err != nil {
		return fmt.Errorf("encode the detail: %w", err)
	}
	if len(text) > maxDetail {
		if text, err = summary(e.Detail, text); err != nil {
			return fmt.Errorf("encode the summary of the detail: %w", err)
		}
	}
	e.DetailText = string(text)
	return nil
}

// summary stands for a detail that is too long to keep, since what happened must be told all the same: its short fields, and the size and
// SHA-256 of the whole, by which whoever has it can show that it is the one.
func summary(detail map[string]any, whole []byte) ([]byte, error) {
	kept := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(detail)) {
		field, err := json.Marshal(detail[name])
		if err != nil {
			return nil, err
		}
		if len(kept) < 64 && len(name)+len(field) <= maxText {
			kept[name] = json.RawMessage(field)
		}
	}
	sum := sha256.Sum256(whole)
	kept["bytes"], kept["sha256"] = len(whole), hex.EncodeToString(sum[:])
	return json.Marshal(kept)
}

// tidy cuts a text to maxText bytes and makes control characters and broken UTF-8 harmless.
func tidy(s string) string {
	clean := len(s) <= maxText && utf8.ValidString(s)
	for i := 0; clean && i < len(s); i++ {
		clean = s[i] >= ' ' && s[i] != 0x7f
	}
	if clean {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
	for len(s) > maxText {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}

// fields are the event's columns as texts, as they are stored and hashed, in the order of columns.
func (e *Event) fields() [columnCount]string {
	h := e.hashed
	if h == nil {
		h = &hashedTexts{name: e.Actor.Name, ip: e.Actor.IP, userAgent: e.Actor.UserAgent, detail: e.DetailText}
	}
	return [columnCount]string{
		strconv.FormatInt(e.Seq, 10), strconv.FormatInt(e.Time.UnixMicro(), 10), h.name, e.Actor.Role, e.Actor.Session, h.ip,
		h.userAgent, e.Action, e.ObjectType, e.ObjectID, e.Outcome, e.ErrorCode, e.Actor.RequestID, e.PlatformRequestID,
		strconv.FormatInt(e.Duration.Microseconds(), 10), h.detail,
	}
}

// leafPrefix names the encoding, so that a later one cannot be mistaken for it.
const leafPrefix = "sealdesk-audit-1\n"

// appendLeaf appends the leaf of an event: the prefix, then each column as a netstring ("length:text,"), integers in decimal.
func appendLeaf[T string | []byte](buf []byte, fields []T) []byte {
	buf = append(buf, leafPrefix...)
	for _, f := range fields {
		buf = strconv.AppendInt(buf, int64(len(f)), 10)
		buf = append(buf, ':')
		buf = append(buf, f...)
		buf = append(buf, ',')
	}
	return buf
}

// Leaf is the text whose hash stands in the tree for this event.
func (e *Event) Leaf() []byte {
	f := e.fields()
	return appendLeaf(nil, f[:])
}
