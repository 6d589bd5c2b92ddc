package engine

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"sealdesk/internal/store"
)

// Errors of links and of the sessions behind them.
var (
	ErrLinkUnknown = errors.New("engine: no such link")
	ErrLinkExpired = errors.New("engine: the link has expired")
	ErrNotPending  = errors.New("engine: this contract no longer waits for this signer")
	// ErrCatalogLink: the link opens a catalog, which CatalogSession reads.
	ErrCatalogLink = errors.New("engine: the link opens a catalog")
)

// LinkKind says what a link opens.
type LinkKind string

// Kinds of links; their letter is the first segment of the URL's path.
const (
	LinkSign     LinkKind = "s" // one approver's signing page
	LinkPreview  LinkKind = "p" // read-only view of a flow
	LinkDownload LinkKind = "d" // one file
	LinkCheck    LinkKind = "f" // check of a person; its tokens stand in engine_person_checks
)

// tokenBytes is the randomness of a link: 128 bits.
const tokenBytes = 16

// link is a row of engine_links.
type link struct {
	Kind          LinkKind
	ApplicationID string
	FlowID        string
	SignID        string
	CatalogID     string // of a catalog's link, instead of FlowID and SignID
	UserID        string // who signs by a catalog's link
	Target        downloadTarget
	Deadline      time.Time
}

// createLink stores a link and gives its URL. Only the token's hash is kept.
func (e *Engine) createLink(ctx context.Context, tx *store.Tx, l link) (string, error) {
	raw := make([]byte, tokenBytes)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("make a link: %w", err)
	}
	token := base64.RawURLEncoding.EncodeToString(raw)
	if err := e.storeLink(ctx, tx, token, l); err != nil {
		return "", err
	}
	return e.linkURL(l.Kind, token), nil
}

func (e *Engine) linkURL(kind LinkKind, token string) string {
	return e.publicURL + "/" + string(kind) + "/" + token
}

// storeLink stores a link under a token; one that is there already stays.
func (e *Engine) storeLink(ctx context.Context, tx *store.Tx, token string, l link) error {
	target, err := json.Marshal(l.Target)
	if err != nil {
		return fmt.Errorf("make a link: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO engine_links (token_hash, kind, application_id, flow_id, sign_id, catalog_id, user_id, target, deadline, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (token_hash) DO NOTHING`,
		hashToken(token), string(l.Kind), l.ApplicationID, l.FlowID, l.SignID, l.CatalogID, l.UserID, string(target), store.Micros(l.Deadline), store.Micros(e.now()))
	if err != nil {
		return fmt.Errorf("store a link: %w", err)
	}
	return nil
}

// findLink looks a token up. Kinds says which ones are acceptable.
func (e *Engine) findLink(ctx context.Context, tx *store.Tx, token string, kinds ...LinkKind) (link, error) {
	var l link
	var kind, target string
	var deadline int64
	err := tx.QueryRow(ctx, `SELECT kind, application_id, flow_id, sign_id, catalog_id, user_id, target, deadline
		FROM engine_links WHERE token_hash = $1`,
		hashToken(token)).Scan(&kind, &l.ApplicationID, &l.FlowID, &l.SignID, &l.CatalogID, &l.UserID, &target, &deadline)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return link{}, ErrLinkUnknown
	case err != nil:
		return link{}, fmt.Errorf("find a link: %w", err)
	}
	l.Kind, l.Deadline = LinkKind(kind), store.Time(deadline)
	if err := json.Unmarshal([]byte(target), &l.Target); err != nil {
		return link{}, fmt.Errorf("read a link's target: %w", err)
	}
	for _, k := range kinds {
		if k != l.Kind {
			continue
		}
		if !e.now().Before(l.Deadline) {
			return link{}, ErrLinkExpired
		}
		return l, nil
	}
	return link{}, ErrLinkUnknown
}

// forgetLinks drops links that expired long ago, so that short-lived download links do not fill the store.
func (e *Engine) forgetLinks(ctx context.Context, tx *store.Tx) error {
	before := store.Micros(e.now().Add(-linkGrace))
	if _, err := tx.Exec(ctx, `DELETE FROM engine_links WHERE kind = $1 AND deadline < $2`, string(LinkDownload), before); err != nil {
		return fmt.Errorf("drop old links: %w", err)
	}
	return nil
}

// linkGrace is how long an expired download link is still told apart from one that never was.
const linkGrace = 24 * time.Hour

// hashToken is what is stored of a token: looking the hash up leaks nothing of the token through timing.
func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// checkPublicURL makes the base of links from an option: an absolute http(s) URL without a trailing slash.
func checkPublicURL(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return "", fmt.Errorf("engine: PublicURL %q is not an absolute http or https URL", s)
	}
	return strings.TrimRight(s, "/"), nil
}

// PublicURL is where links lead, without a slash at its end.
func (e *Engine) PublicURL() string { return e.publicURL }
