package engine

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/files"
	"sealdesk/internal/font"
	"sealdesk/internal/gateway"
	"sealdesk/internal/pdf"
	"sealdesk/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// What lies in the data folder, with slashes.
const (
	FileName        = "engine.db"
	MasterName      = "keys/master.key"   // encrypts secrets
	EvidenceKeyName = "keys/evidence.key" // signs the evidence log
)

// SchemaTable is where goose notes the migrations of the engine's tables.
const SchemaTable = "engine_schema"

// Set are the migrations of the engine's tables; those of the evidence log live beside them.
func Set() store.Set {
	root, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return store.Set{Files: root, Table: SchemaTable}
}

// Options configure an Engine.
type Options struct {
	// DataDir holds engine.db, files/ and keys/; required unless Memory is set.
	DataDir string
	// Memory keeps everything in memory, for demonstrations and tests.
	Memory bool
	// PublicURL is the base of the links for signers and downloads, and the endpoint in Credentials, such as
	// http://127.0.0.1:8081. Required.
	PublicURL string
	// Clock gives the time of every rule and record; nil is time.Now.
	Clock func() time.Time
	// Logger takes failures; nil discards. It never gets personal data.
	Logger *slog.Logger
	// Face draws seals and text, Renderer checks and shows PDFs. Both are required and stay the caller's.
	Face     *font.Face
	Renderer *pdf.Renderer
	// Simulate lets the console bend the world (clock, register, outcomes of checks) and offers the channels that only simulation has;
	// what is made so is marked for ever.
	Simulate bool
	// TimestampURL is an outside time-stamping authority (RFC 3161) for every signature; empty uses the engine's own. TimestampRoots are the
	// roots that its certificate must lead to; none takes the system's.
	TimestampURL   string
	TimestampRoots []*x509.Certificate
	// OnTimestampRoot is called after a root was kept that stamps lead to, see Engine.TimestampRoots; nil for nobody.
	OnTimestampRoot func()
	// MasterKey (32 bytes) encrypts secrets; nil reads or makes keys/master.key.
	MasterKey []byte
	// Gateways take codes, invitations and other messages to people. Without any they stand on the console only.
	Gateways *gateway.Gateways
	// AllowPrivateFetch lets UploadFiles fetch FileUrls from loopback and private networks; AllowPrivateCallbacks lets callbacks
	// go there.
	AllowPrivateFetch, AllowPrivateCallbacks bool
	// Checkpoints, if set, receives signed checkpoints of the evidence log as text, to be kept where whoever can change engine.db cannot:
	// the newest within a minute after an event, and at Close.
	Checkpoints io.Writer
	// Known, OnBreak and OnRow are those of the evidence log, see audit.Options.
	Known   []string
	OnBreak func(audit.Break)
	OnRow   func(audit.ChangedRow)
	// OwnCallback is the address of the portal in the same program, the only private one that callbacks reach in any case.
	OwnCallback string
}

// Engine is the embedded platform. It is safe for concurrent use.
type Engine struct {
	publicURL string
	clock     func() time.Time
	logger    *slog.Logger
	face      *font.Face
	renderer  *pdf.Renderer
	gateways  *gateway.Gateways
	messages  chan struct{} // wakes RunMessages
	simulate  bool

	db       *store.DB
	files    *files.Store
	log      *audit.Log
	readings *audit.Folder
	vault    *store.Vault
	fetcher  *fetcher

	apps      *applications
	authority *authority
	outside   *outsideStamps // nil: the engine stamps itself
	flowLocks *locks
	actions   map[string]action
	verifier  *api.Verifier
	requests  *requests
	callbacks *callbacks
	shown     shownMessages
	offset    atomic.Int64 // of the engine's clock to the given one, in nanoseconds
}

// New opens the data folder, makes on its first start an application with credentials and the certificate authority,
// and serves from then on.
func New(ctx context.Context, opts Options) (_ *Engine, err error) {
	e, err := newEngine(opts)
	if err != nil {
		return nil, err
	}
	key, err := e.openStores(ctx, opts)
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	if err != nil {
		return nil, err
	}
	if e.vault, err = store.NewVault(key, vaultName); err != nil {
		return nil, err
	}
	if e.log, err = openEvidence(ctx, e, opts); err != nil {
		return nil, err
	}
	if err = errors.Join(e.sealEmails(ctx), e.openClock(ctx)); err != nil {
		return nil, err
	}
	e.readings = audit.NewFolder(e.db, e.log)
	if e.apps, err = e.openApplications(ctx); err != nil {
		return nil, err
	}
	if e.authority, err = e.openAuthority(ctx); err != nil {
		return nil, err
	}
	if err = e.sweep(ctx); err != nil {
		return nil, err
	}
	if e.simulate {
		if err = e.makeIdentities(ctx); err != nil {
			return nil, err
		}
	}
	e.register()
	return e, nil
}

// newEngine checks the options and sets what needs no store.
func newEngine(opts Options) (*Engine, error) {
	switch {
	case opts.Face == nil:
		return nil, errors.New("engine: Options.Face is missing")
	case opts.Renderer == nil:
		return nil, errors.New("engine: Options.Renderer is missing")
	case opts.DataDir == "" && !opts.Memory:
		return nil, errors.New("engine: Options.DataDir is missing")
	}
	public, err := checkPublicURL(opts.PublicURL)
	if err != nil {
		return nil, err
	}
	e := &Engine{
		publicURL: public,
		clock:     opts.Clock,
		logger:    opts.Logger,
		face:      opts.Face,
		renderer:  opts.Renderer,
		gateways:  opts.Gateways,
		messages:  make(chan struct{}, 1),
		simulate:  opts.Simulate,
		shown:     shownMessages{tasks: map[string]shownMessage{}},
		fetcher:   newFetcher(opts.AllowPrivateFetch),
		flowLocks: newLocks(),
		actions:   map[string]action{},
		requests:  newRequests(),
		callbacks: newCallbacks(opts),
		outside:   newOutsideStamps(opts),
	}
	e.verifier = api.NewVerifier(e.secretKey)
	if e.clock == nil {
		e.clock = time.Now
	}
	if e.logger == nil {
		e.logger = slog.New(slog.DiscardHandler)
	}
	return e, nil
}

// openStores opens database and files, and gives the master key.
func (e *Engine) openStores(ctx context.Context, opts Options) (key []byte, err error) {
	set := Set()
	database := store.Options{Migrations: set.Files, Table: set.Table, Beside: []store.Set{audit.Set()}}
	key = opts.MasterKey
	if opts.Memory {
		e.files = files.OpenMemory()
		if key == nil {
			key = make([]byte, store.KeyBytes)
			if _, err := rand.Read(key); err != nil {
				return nil, fmt.Errorf("make the master key: %w", err)
			}
		}
	} else {
		keys := filepath.Join(opts.DataDir, "keys")
		if err := os.MkdirAll(keys, 0o700); err != nil {
			return nil, fmt.Errorf("make the data folder: %w", err)
		}
		if key == nil {
			if key, err = store.LoadKey(filepath.Join(opts.DataDir, filepath.FromSlash(MasterName))); err != nil {
				return nil, err
			}
		}
		if e.files, err = files.Open(filepath.Join(opts.DataDir, "files")); err != nil {
			return nil, fmt.Errorf("open the engine's files: %w", err)
		}
		database.Path = filepath.Join(opts.DataDir, FileName)
	}
	database.Sealed = SealedRows(key)
	if e.db, err = store.Open(ctx, database); err != nil {
		return nil, fmt.Errorf("open the engine's store: %w", err)
	}
	return key, nil
}

// Close ends the engine. Face and Renderer stay open.
func (e *Engine) Close() error {
	var errs []error
	if e.readings != nil {
		errs = append(errs, e.readings.Close())
	}
	if e.log != nil {
		errs = append(errs, e.log.Close())
	}
	if e.db != nil {
		errs = append(errs, e.db.Close())
	}
	return errors.Join(errs...)
}

// Recover writes into the evidence what an engine that was killed had counted of readings and refused calls. The program that serves calls it
// first.
func (e *Engine) Recover(ctx context.Context) error { return e.readings.Recover(ctx) }

// Evidence is the engine's own log: every act with time, address, device and ticket.
func (e *Engine) Evidence() *audit.Log { return e.log }

// Roots holds the engine's root certificate, for checking signatures, and those of outside time-stamping authorities.
func (e *Engine) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(e.authority.root)
	for _, root := range e.TimestampRoots() {
		pool.AddCert(root)
	}
	return pool
}

// TimestampRoots are the roots of the outside authorities that have stamped signatures so far.
func (e *Engine) TimestampRoots() []*x509.Certificate { return e.authority.outsideRoots() }

// RootCertificate is the certificate that Roots holds, in DER.
func (e *Engine) RootCertificate() []byte { return e.authority.root.Raw }
