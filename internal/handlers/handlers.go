// Package handlers is the portal in the browser: routes, middleware and one file a feature.
//
// # Writing a feature
//
// A handler is a method of server with the signature
//
//	func (s *server) showSeal(w http.ResponseWriter, r *http.Request) error
//
// and stands in the table of routes.go with the permission that it needs and with what its answer holds, which is recorded before the
// answer leaves; by the time it runs, somebody who has that permission is logged in. It returns errors and writes none: server.fail turns them into pages (see errors.go). What it has:
//
//	account(ctx)                      who is logged in; scope(ctx) what they reach: give it to every db call on objects of organisations
//	s.render(w, r, 200, page{…}, c)   a whole page with its frame; s.fragment(w, r, 200, c) a part for htmx. Both render before they write
//	s.redirect(w, r, "/seals")        303, or what htmx understands
//	s.flash(r, "ok", "seals.saved", "Name", name)   a message on the next page, by catalogue key
//	parseForm(r, &req)                a form or a query into an api request; limits(r) reads page.After from ?after=
//	problems(err)                     what of an error belongs beside fields: render the form again with 422 when ok
//	s.record(ctx, audit.Event{…})     an event that is neither a change of the database nor a reading
//	tell(ctx, map[string]any{…})      what only the handler knows of what is read, such as the words of a search
//
// A form's handler typically ends like this:
//
//	if _, err := api.CreateSeal.Call(r.Context(), s.client, &req); err != nil {
//		if p, ok := problems(err); ok {
//			return s.renderForm(w, r, page{…}, templates.SealForm(data with p))
//		}
//		return err
//	}
//	s.flash(r, "ok", "seals.created", "Name", req.SealName)
//	return s.redirect(w, r, "/seals")
package handlers

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/config"
	"sealdesk/internal/db"
	"sealdesk/internal/files"
	"sealdesk/internal/font"
	"sealdesk/internal/pdf"
	"sealdesk/internal/routing"
	"sealdesk/internal/watch"
)

// Options are what the portal is built of. Everything but SetupToken, TrustedProxies, CallbackKeys and Version is needed.
type Options struct {
	DB       *db.DB
	Client   *api.Client
	Files    *files.Store
	Renderer *pdf.Renderer
	Face     *font.Face
	Routing  *routing.Router
	Watch    *watch.Watcher

	Platform       config.Platform  // shown in the settings; its secret key is not kept
	PublicURL      string           // how browsers reach the portal; with https, cookies are for TLS only
	EngineURL      string           // where signers' pages are
	SetupToken     string           // opens the set-up page while there is no account; empty keeps it shut
	TrustedProxies []netip.Prefix   // proxies whose X-Forwarded-For is believed
	Notices        Channels         // by what notices leave the portal
	Outside        Outside          // gives checkpoints of the logs out; may be nil
	Settings       []config.Setting // shown to administrators; without the secrets
	OIDC           config.OIDC      // the provider that people may sign in with; none without an issuer
	Version        string
	Logger         *slog.Logger
	// OwnApproval lets somebody approve what they sent themselves, for portals with a single account.
	OwnApproval bool
	// Simulated says that the platform is the engine in this program and that its world may be bent; every page tells.
	Simulated bool
	// SimulatedChannels are the checks of signers whose outcome is chosen, where the platform is the engine in this program.
	SimulatedChannels []string
	// IsSimulated tells of a signature whether it was made in simulation, by its reason or its certificate, which may be nil.
	IsSimulated func(reason string, certificate *x509.Certificate) bool
	// Timestamps tells of the outside time-stamping authority of the engine in this program: its address, and what was wrong at the last try;
	// nil where there is none.
	Timestamps func() (url, problem string)
	// AskTimestamps asks that authority, unless it was asked a moment ago, and tells the same; nil where there is none.
	AskTimestamps func(context.Context) (url, problem string)
	// KeptCheckpoints are those of one of the logs that lie outside of its database within reach of the program; nil for none. Verifying
	// compares with them too.
	KeptCheckpoints func(*audit.Log) []audit.Checkpoint
	// Messages are what the engine in this program sends to people; nil without one.
	Messages Messages
	// Evidence is the log of the engine in this program; nil without one.
	Evidence *audit.Log
	// Roots are the authorities whose signatures in uploaded files are trusted; nil judges none of them.
	Roots *x509.CertPool
	// Later tells of a file, by its SHA-256, which contract of the platform it is an earlier state of, and how many signatures were made
	// since; nil where the platform is not in this program.
	Later func(ctx context.Context, sha256 string) (db.FileEarlier, bool, error)
	// SignedBy tells of a trusted signature, by its field and its certificate's serial number (hexadecimal), which act of the platform made
	// it; nil where the platform is not in this program.
	SignedBy func(ctx context.Context, field, serial string) (db.SignedBy, bool, error)
	// CallbackKeys gives what the platform's callbacks are signed and encrypted with; nil takes none.
	CallbackKeys func(context.Context) (api.CallbackKeys, error)
	Clock        func() time.Time
}

// Channels tells by what notices leave the portal.
type Channels struct{ Mail, Webhook bool }

// server is what handlers share.
type server struct {
	db       *db.DB
	client   *api.Client
	files    *files.Store
	renderer *pdf.Renderer
	face     *font.Face
	routing  *routing.Router
	watch    *watch.Watcher

	platform   config.Platform
	settings   []config.Setting
	publicURL  string
	engineURL  string
	setupToken string
	proxies    []netip.Prefix
	version    string
	notices    Channels
	log        *slog.Logger
	now        func() time.Time

	ownApproval       bool
	simulated         bool
	simulatedChannels []string
	isSimulated       func(reason string, certificate *x509.Certificate) bool
	timestamps        func() (url, problem string)
	askTimestamps     func(context.Context) (url, problem string)
	checkpoints       Outside    // may be nil
	evidence          *audit.Log // nil without an engine in this program
	messages          Messages   // likewise

	keptCheckpoints func(*audit.Log) []audit.Checkpoint

	callbackKeys func(context.Context) (api.CallbackKeys, error)
	roots        *x509.CertPool
	later        func(context.Context, string) (db.FileEarlier, bool, error)                // may be nil
	signedBy     func(ctx context.Context, field, serial string) (db.SignedBy, bool, error) // may be nil

	sessions *db.SessionStore
	outside  *outside // nil without a provider
	throttle *auth.Throttle

	flowDocuments documentCache
	imports       heldImports
}

// New builds the portal. The handler serves everything of the portal's address, static files included.
func New(o Options) (http.Handler, error) {
	s, err := newServer(o)
	if err != nil {
		return nil, err
	}
	return s.handler()
}

func newServer(o Options) (*server, error) {
	for name, missing := range map[string]bool{
		"DB": o.DB == nil, "Client": o.Client == nil, "Files": o.Files == nil, "Renderer": o.Renderer == nil, "Face": o.Face == nil,
		"Routing": o.Routing == nil, "Watch": o.Watch == nil, "PublicURL": o.PublicURL == "", "Logger": o.Logger == nil, "Clock": o.Clock == nil,
	} {
		if missing {
			return nil, errors.New("handlers: Options." + name + " is missing")
		}
	}
	o.Platform.SecretKey = ""
	return &server{
		db: o.DB, client: o.Client, files: o.Files, renderer: o.Renderer, face: o.Face, routing: o.Routing, watch: o.Watch,
		settings: o.Settings, platform: o.Platform, publicURL: o.PublicURL, engineURL: o.EngineURL, setupToken: o.SetupToken, proxies: o.TrustedProxies,
		version: o.Version, notices: o.Notices, log: o.Logger, now: o.Clock, callbackKeys: o.CallbackKeys, ownApproval: o.OwnApproval, simulated: o.Simulated, simulatedChannels: o.SimulatedChannels, isSimulated: o.IsSimulated, timestamps: o.Timestamps, askTimestamps: o.AskTimestamps, evidence: o.Evidence, messages: o.Messages, keptCheckpoints: o.KeptCheckpoints,
		checkpoints: o.Outside, roots: o.Roots, later: o.Later, signedBy: o.SignedBy,
		outside:  newOutside(o.OIDC, o.PublicURL, o.Clock),
		sessions: o.DB.Sessions(isTLS(o.PublicURL)),
		throttle: auth.NewThrottle(o.Clock),
	}, nil
}
