package audit

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"sealdesk/internal/store"
)

// What an event tells of a natural person is hashed as a token, a salted commitment, and the value is kept apart (audit_values), encrypted with
// the person's own key (audit_people). The tree covers tokens alone, so that every proof stands when the key is destroyed; the same value of the
// same person has the same token, so that an erased person's acts still belong together.

// Salted is a value behind a token, with the salt that shows that it is the one. Erased ones have neither.
type Salted struct {
	Salt  []byte `json:"salt,omitempty"` // saltBytes random bytes
	Value string `json:"value,omitempty"`
}

const (
	saltBytes   = 16
	tokenBytes  = 20 // of the SHA-256 that a token keeps: 160 bits, 32 letters
	tokenLength = 1 + tokenBytes*8/5
	tokenMark   = '~'
)

// tokenPrefix names what is hashed, so that a token cannot be mistaken for another hash.
const tokenPrefix = "sealdesk-audit-value-1\n"

var tokenLetters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Token is the commitment to the value: a tilde, and in 32 letters and digits of base 32 the first 20 bytes of SHA-256 of
// "sealdesk-audit-value-1", a line feed, the salt and the value.
func (s *Salted) Token() string {
	sum := sha256.New()
	sum.Write([]byte(tokenPrefix))
	sum.Write(s.Salt)
	sum.Write([]byte(s.Value))
	return string(tokenMark) + tokenLetters.EncodeToString(sum.Sum(nil)[:tokenBytes])
}

// isToken tells whether a text has the form of a token.
func isToken[T string | []byte](text T) bool {
	if len(text) != tokenLength || text[0] != tokenMark {
		return false
	}
	for i := 1; i < tokenLength; i++ {
		if c := text[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

// Pseudonym is what is left of an erased value to tell it from others: the first eight letters of its token. Other texts have none.
func Pseudonym(text string) (name string, erased bool) {
	if !isToken(text) {
		return "", false
	}
	return text[1:9], true
}

// eachToken calls f with the tokens among the strings of a detail, which is JSON, and their places. A quote after a backslash begins no string.
func eachToken[T string | []byte](detail T, f func(token T)) {
	text := []byte(detail)
	for at := 0; ; {
		next := bytes.Index(text[at:], []byte{'"', tokenMark})
		if next < 0 {
			return
		}
		start := at + next + 1
		at = start
		end := start + tokenLength
		if end < len(text) && text[end] == '"' && isToken(text[start:end]) && (start < 2 || text[start-2] != '\\') {
			f(detail[start:end])
			at = end
		}
	}
}

// strangers are the roles of acts of which nobody knows whose they are.
var strangers = map[string]bool{RoleProgram: true, RoleLink: true, RoleOperator: true}

// person names who acts, empty for what is no person and for somebody unknown. Who is refused at the door is the person whose account they tried.
func (e *Event) person() string {
	a := &e.Actor
	switch {
	case a.Name == ActorTerminal && a.IsMachine():
		return a.UserAgent // the system's user
	case a.IsMachine() || strangers[a.Role]:
		return ""
	case a.Name == "" && e.aboutPerson():
		return e.ObjectID
	}
	return a.Name
}

// aboutPerson tells that the event's object is a person.
func (e *Event) aboutPerson() bool { return e.ObjectType == "user" || e.ObjectType == "account" }

// personal are the fields of details whose texts tell of a person. What is masked does so in any field.
var personal = map[string]bool{
	"AccountName": true, "actor": true, "address": true, "approver": true, "ApproverName": true, "ContactName": true,
	"device": true, "display_name": true, "email": true, "ip": true, "legal": true,
	"LegalName": true, "mobile": true, "person": true, "q": true, "SourceIp": true, "sourceIp": true, "text": true, "UserName": true, "VerifyClientIp": true, "who": true,
}

// whose are the fields that name the person whom the others of the same object tell of.
var whose = []string{"userId", "UserId", "OpenId", "user"}

// masked tells that a text shows the ends of something personal; one of nothing but asterisks shows nothing.
func masked(text string) bool { return strings.Contains(text, "*") && strings.Trim(text, "*") != "" }

// conceal puts tokens in the place of what the event tells of persons. It belongs to whoever holds the write turn.
func (l *Log) conceal(ctx context.Context, tx *store.Tx, e *Event) error {
	c := concealer{ctx: ctx, tx: tx, l: l, e: e}
	a := &e.Actor
	person := e.person()
	if a.Name == person && a.Role != RoleSigner { // a signer's name is a number
		a.Name = c.hide(person, a.Name)
	}
	for _, text := range []*string{&a.IP, &a.UserAgent} {
		if person != "" || isToken(*text) {
			*text = c.hide(cmp.Or(person, *text), *text)
		}
	}
	if e.DetailText != "" && c.suspects(e.DetailText) {
		c.detail()
	}
	return c.err
}

type concealer struct {
	ctx context.Context
	tx  *store.Tx
	l   *Log
	e   *Event
	err error

	ownSeal bool // it is about a person's own seal, which has their name
}

// suspects tells whether a detail may hold something to be concealed, before it is taken apart.
func (c *concealer) suspects(detail string) bool {
	if strings.Contains(detail, "*") || strings.Contains(detail, `"~`) || strings.Contains(detail, `"PERSONAL"`) {
		return true
	}
	for rest := detail; ; {
		at := strings.Index(rest, `":`)
		if at < 0 {
			return false
		}
		field := rest[strings.LastIndexByte(rest[:at], '"')+1 : at]
		if personal[field] || field == "account" || c.names("", field) {
			return true
		}
		rest = rest[at+2:]
	}
}

// names tells whether a field is the name of a person because of what it stands in.
func (c *concealer) names(parent, field string) bool {
	switch field {
	case "name":
		return parent == "account" || c.e.aboutPerson() || c.ownSeal
	case "detail":
		return c.e.Action == "flow.replaced"
	}
	return false
}

func (c *concealer) detail() {
	var v any
	d := json.NewDecoder(strings.NewReader(c.e.DetailText))
	d.UseNumber()
	if c.err = errors.Join(c.err, d.Decode(&v)); c.err != nil {
		return
	}
	if fields, ok := v.(map[string]any); ok && c.e.ObjectType == "seal" {
		c.ownSeal = fields["kind"] == "PERSONAL"
	}
	of := ""
	if c.e.aboutPerson() {
		of = c.e.ObjectID
	}
	text, err := json.Marshal(c.walk(v, of, "", false))
	c.err = errors.Join(c.err, err)
	c.e.DetailText = string(text)
}

// walk conceals within a value: of is the person that it tells of, as far as that is known, field where it stands.
func (c *concealer) walk(v any, of, field string, tells bool) any {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range whose {
			if id, ok := v[name].(string); ok && id != "" {
				of = id
				break
			}
		}
		for name, inner := range v {
			v[name] = c.walk(inner, of, name, tells || personal[name] || c.names(field, name))
		}
	case []any:
		for i := range v {
			v[i] = c.walk(v[i], of, field, tells)
		}
	case string:
		if v != "" && tells || masked(v) || isToken(v) {
			return c.hide(cmp.Or(of, v), v)
		}
	}
	return v
}

// maxTokens is how many tokens a log remembers, so that the same people's next events need not look theirs up.
const maxTokens = 4096

// hide gives the token of a value that tells of a person, making it when there is none.
func (c *concealer) hide(of, value string) string {
	if value == "" || c.err != nil {
		return value
	}
	key := [2]string{of, value}
	if token, ok := c.l.tokens[key]; ok {
		return token
	}
	token, err := c.l.token(c.ctx, c.tx, of, value)
	if err != nil {
		c.err = fmt.Errorf("conceal a person: %w", err)
		return ""
	}
	if len(c.l.tokens) >= maxTokens {
		clear(c.l.tokens)
	}
	c.l.tokens[key] = token
	return token
}

// valueLabel finds the value of a person without showing either.
func (l *Log) valueLabel(of, value string) string { return l.opts.Key.mac(macValue, of+"\x00"+value) }

// token finds the token of a value in the tables, or makes it there.
func (l *Log) token(ctx context.Context, tx *store.Tx, of, value string) (token string, err error) {
	label := l.valueLabel(of, value)
	err = tx.QueryRow(ctx, "SELECT token FROM audit_values WHERE label = $1", label).Scan(&token)
	if !errors.Is(err, store.ErrNotFound) {
		return token, err
	}
	id, key, err := l.personKey(ctx, tx, of)
	if err != nil {
		return "", err
	}
	s := Salted{Salt: make([]byte, saltBytes), Value: value}
	if _, err := rand.Read(s.Salt); err != nil {
		return "", err
	}
	token = s.Token()
	box := key.Seal(valueColumn, token, append(s.Salt[:saltBytes:saltBytes], value...))
	_, err = tx.Exec(ctx, "INSERT INTO audit_values (token, person, label, box) VALUES ($1, $2, $3, $4)", token, id, label, box)
	return token, err
}

// What the boxes are bound to.
const (
	keyColumn   = "audit_people.key"
	valueColumn = "audit_values.box"
)

// personVault is where the values of a person are encrypted.
const personVault = "audit person"

// personKey finds the key of a person, or makes it.
func (l *Log) personKey(ctx context.Context, tx *store.Tx, of string) (id int64, key *store.Vault, err error) {
	label := l.opts.Key.mac(macPerson, of)
	var box []byte
	err = tx.QueryRow(ctx, "SELECT id, key FROM audit_people WHERE label = $1", label).Scan(&id, &box)
	if err == nil {
		key, err = l.openKey(label, box)
		return id, key, err
	}
	if !errors.Is(err, store.ErrNotFound) {
		return 0, nil, err
	}
	made := make([]byte, store.KeyBytes)
	if _, err := rand.Read(made); err != nil {
		return 0, nil, err
	}
	done, err := tx.Exec(ctx, "INSERT INTO audit_people (label, key) VALUES ($1, $2)", label, l.vault.Seal(keyColumn, label, made))
	if err != nil {
		return 0, nil, err
	}
	if id, err = done.LastInsertId(); err != nil {
		return 0, nil, err
	}
	key, err = store.NewVault(made, personVault)
	return id, key, err
}

// openKey opens the box of a person's key.
func (l *Log) openKey(label string, box []byte) (*store.Vault, error) {
	key, err := l.vault.Open(keyColumn, label, box)
	if err != nil {
		return nil, err
	}
	return store.NewVault(key, personVault)
}

// concealedCopy is an event, its detail at hand, as it is kept before it is one of the log's.
func (l *Log) concealedCopy(ctx context.Context, tx *store.Tx, e *Event) (Event, error) {
	kept := *e
	text, err := json.Marshal(e.Detail)
	if err != nil {
		return kept, err
	}
	kept.DetailText = string(text)
	if err := l.conceal(ctx, tx, &kept); err != nil {
		return kept, err
	}
	kept.Detail = map[string]any{}
	d := json.NewDecoder(strings.NewReader(kept.DetailText))
	d.UseNumber()
	err = d.Decode(&kept.Detail)
	kept.DetailText = ""
	return kept, err
}
