package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/clockwatch"
	"sealdesk/internal/config"
	"sealdesk/internal/console"
	"sealdesk/internal/db"
	"sealdesk/internal/engine"
	"sealdesk/internal/files"
	"sealdesk/internal/font"
	"sealdesk/internal/gateway"
	"sealdesk/internal/handlers"
	"sealdesk/internal/i18n"
	"sealdesk/internal/notices"
	"sealdesk/internal/outside"
	"sealdesk/internal/pdf"
	"sealdesk/internal/routing"
	"sealdesk/internal/signpages"
	"sealdesk/internal/watch"
	"sealdesk/web/static"
)

const (
	// headerTimeout and idleTimeout bound what a slow client can hold; bodies have limits of their own, and live pages have no end.
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	// drainTimeout is how long requests under way may take when the program stops.
	drainTimeout = 10 * time.Second
	// warmAfter is how long after the start PDFium gets ready, unless a document asks for it before.
	warmAfter = 2 * time.Second
)

// program is everything that serving holds, from the disk up.
type program struct {
	cfg      config.Config
	folders  folders
	logger   *slog.Logger
	out      io.Writer
	face     *font.Face
	renderer *pdf.Renderer

	data         *dataFolder    // nil for an engine that keeps nothing
	engine       *engine.Engine // nil with the cloud as platform
	engineKeeper *keeper
	portal       *portalDB
	client       *api.Client
	files        *files.Store
	router       *routing.Router
	watch        *watch.Watcher

	notices *notices.Sender
	outside *outside.Sender

	engineWays *engineWays // where the engine runs alone and keeps its data
}

// serve runs the portal and, unless the cloud is the platform, the engine, until the context ends.
func serve(ctx context.Context, c config.ServeCommand, out io.Writer) (err error) {
	cfg, err := c.Config()
	if err != nil {
		return err
	}
	if !static.Ready() {
		return errors.New("this binary was built without its browser assets; run `make build`")
	}
	halves := []string{portalHalf}
	if cfg.Platform.IsEmbedded() {
		halves = halfNames
	}
	p, err := open(ctx, cfg, folders{cfg.Data}.cache(), out, starting, halves...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	if err := p.openPortal(ctx); err != nil {
		return err
	}
	if cfg.Demo {
		if err := p.fillDemo(ctx); err != nil {
			return fmt.Errorf("fill the demo data: %w", err)
		}
	}
	return p.serve(ctx)
}

// runEngine runs the engine alone.
func runEngine(ctx context.Context, c config.EngineRunCommand, out io.Writer) (err error) {
	cfg, err := c.Config()
	if err != nil {
		return err
	}
	cache := folders{cfg.Data}.cache()
	if cfg.Memory {
		cache = "" // the user's own: there is no data folder
	}
	p, err := open(ctx, cfg, cache, out, starting, engineHalf)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	if !cfg.Memory {
		if p.outside, err = p.newOutside(); err != nil {
			return err
		}
	}
	return p.serve(ctx)
}

// printCredentials prints what a program needs to call the engine.
func printCredentials(ctx context.Context, c config.EngineCredentialsCommand, out io.Writer) (err error) {
	cfg, err := c.Config()
	if err != nil {
		return err
	}
	p, err := open(ctx, cfg, folders{cfg.Data}.cache(), out, asking, engineHalf)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	return p.tellCredentials(ctx, out, c.JSON)
}

// open opens what portal and engine share, and the engine where it is the platform. The cache is a folder for the compiled PDF module. The
// halves of the data folder must be there, unless the command starts an instance.
func open(ctx context.Context, cfg config.Config, cache string, out io.Writer, access access, halves ...string) (p *program, err error) {
	p = &program{cfg: cfg, folders: folders{cfg.Data}, logger: newLogger(cfg.Log), out: out}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	if !cfg.Memory {
		if p.data, err = openData(ctx, p.folders, access, halves...); err != nil {
			return p, err
		}
		p.tellAdopted(ctx)
	}
	if p.face, err = font.Open(cfg.Fonts...); err != nil {
		return p, err
	}
	if p.renderer, err = pdf.NewRenderer(ctx, pdf.RendererOptions{CacheDir: cache, CacheKey: p.folders.cacheKey(cache), Logger: p.logger}); err != nil {
		return p, err
	}
	if !cfg.Platform.IsEmbedded() {
		return p, nil
	}
	return p, p.openEngine(ctx)
}

// openEngine opens the engine with the keeper of its checkpoints.
func (p *program) openEngine(ctx context.Context) (err error) {
	cfg, h := p.cfg, p.folders.half(engineHalf)
	options := engine.Options{
		Memory: cfg.Memory, PublicURL: cfg.EngineURL, Logger: p.logger, Face: p.face, Renderer: p.renderer, Gateways: messageGateways(cfg),
		AllowPrivateFetch: cfg.AllowPrivate, AllowPrivateCallbacks: cfg.AllowPrivate, OwnCallback: ownCallback(cfg), OnBreak: tellBreak(p.logger, "evidence"),
		OnRow:    tellRow(p.logger, "evidence"),
		Simulate: cfg.Simulate, TimestampURL: cfg.TSA.URL, TimestampRoots: cfg.TSA.Roots, OnTimestampRoot: p.exportStampRoots,
	}
	if cfg.Memory {
		p.engine, err = engine.New(ctx, options)
		return err
	}
	options.DataDir, options.Known = h.dir, p.data.known(h)
	if p.data.access != asking {
		if p.engineKeeper, err = p.data.keep(h); err != nil {
			return err
		}
		options.Checkpoints = p.engineKeeper
	}
	if p.engine, err = engine.New(ctx, options); err != nil {
		return fmt.Errorf("open the engine: %w", p.data.explain(ctx, h, err))
	}
	if err := p.data.opened(ctx, h, p.engine.Version, p.engine.Evidence()); err != nil {
		return err
	}
	if p.data.access == asking {
		return nil
	}
	p.exportStampRoots()
	return exportRoot(ctx, p.engine, p.folders.engineRoot())
}

// tellAdopted says that a data folder of before there were markers has got one.
func (p *program) tellAdopted(ctx context.Context) {
	if p.data.access == starting && len(p.data.adopted) > 0 {
		fmt.Fprintln(p.out, i18n.T(ctx, "cli.data.adopted", "Path", p.folders.marker()))
	}
}

// messageGateways are the ways to people that are set up; none is none.
func messageGateways(cfg config.Config) *gateway.Gateways {
	g := cfg.Gateways
	return gateway.New(gateway.Options{Mail: g.MailURL, MailFrom: g.MailFrom, URL: g.MessageURL, Secret: g.MessageSecret, Private: cfg.AllowPrivate, Clock: time.Now,
		SMS: gateway.SMS{Endpoint: g.SMSEndpoint, Region: g.SMSRegion, SecretID: g.SMSSecretID, SecretKey: g.SMSSecretKey, AppID: g.SMSAppID, SignName: g.SMSSign,
			Templates: map[string]string{gateway.KindCode: g.SMSCode, gateway.KindInvitation: g.SMSInvite, gateway.KindReminder: g.SMSInvite, gateway.KindCompleted: g.SMSDone,
				gateway.KindChanged: g.SMSChange, gateway.KindTest: g.SMSCode}}})
}

func newLogger(l config.Log) *slog.Logger {
	options := &slog.HandlerOptions{Level: l.Level}
	if l.JSON {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}

// openPortal opens the portal's own parts and the client that speaks with the platform.
func (p *program) openPortal(ctx context.Context) (err error) {
	if p.portal, err = openPortal(ctx, p.data, time.Now, tellBreak(p.logger, "portal"), tellRow(p.logger, "portal")); err != nil {
		return err
	}
	if err := p.refuseLostAccounts(ctx); err != nil {
		return err
	}
	if p.engine != nil { // which was open before there was a portal to tell of
		if err := p.data.bind(ctx, p.folders.half(engineHalf), p.engine.Evidence()); err != nil {
			return err
		}
	}
	if p.files, err = files.Open(p.folders.portalFiles()); err != nil {
		return err
	}
	if p.client, err = p.newClient(ctx); err != nil {
		return err
	}
	out := p.cfg.Notices
	p.notices, err = notices.New(notices.Options{DB: p.portal.DB, MailURL: out.MailURL, MailFrom: out.MailFrom, WebhookURL: out.WebhookURL, WebhookSecret: out.WebhookSecret,
		Private: p.cfg.AllowPrivate, PublicURL: p.cfg.PublicURL, Logger: p.logger, Clock: time.Now})
	if err != nil {
		return err
	}
	if p.outside, err = p.newOutside(); err != nil {
		return err
	}
	options := routing.Options{DB: p.portal.DB, Client: p.client, Files: p.files, Logger: p.logger, Clock: time.Now, Embedded: p.engine != nil, OwnApproval: p.cfg.OwnApproval,
		CodesStay: p.engine != nil && !p.cfg.Simulate && len(messageGateways(p.cfg).Ways()) == 0}
	if p.engine != nil {
		options.CallbackURL, options.NoChannels, options.RemindSigner = ownCallback(p.cfg), p.engine.MissingChannels(), p.engine.Remind
	}
	p.router, err = routing.New(options)
	if err != nil {
		return err
	}
	p.watch, err = watch.New(watch.Options{DB: p.portal.DB, Client: p.client, Routing: p.router, Logger: p.logger, Clock: time.Now})
	return err
}

// newClient calls the engine inside this process, with the same bytes as over a network, or the cloud.
func (p *program) newClient(ctx context.Context) (*api.Client, error) {
	options := api.ClientOptions{Recorder: p.portal.Recorder(), Clock: time.Now}
	if p.engine == nil {
		cloud := p.cfg.Platform
		options.Endpoint, options.Region = cloud.Endpoint, cloud.Region
		options.SecretID, options.SecretKey, options.ApplicationID = cloud.SecretID, cloud.SecretKey, cloud.ApplicationID
		return api.NewClient(options)
	}
	credentials, err := p.engine.Credentials(ctx)
	if err != nil {
		return nil, err
	}
	// The settings page shows whom the portal calls as.
	p.cfg.Platform.ApplicationID, p.cfg.Platform.SecretID = credentials.ApplicationID, credentials.SecretID
	options.Endpoint, options.Region, options.Transport = p.cfg.EngineURL, credentials.Region, p.engine.Transport()
	options.SecretID, options.SecretKey, options.ApplicationID = credentials.SecretID, credentials.SecretKey, credentials.ApplicationID
	return api.NewClient(options)
}

// serve listens and works until the context ends, then lets requests under way finish.
func (p *program) serve(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	if p.engine != nil {
		if err := p.serveEngine(ctx, group); err != nil {
			return err
		}
	}
	if p.portal != nil {
		if err := p.servePortal(ctx, group); err != nil {
			return err
		}
	}
	if err := p.recordStart(ctx); err != nil {
		return err
	}
	if p.outside != nil {
		group.Go(func() error { return p.outside.Run(ctx) })
	}
	group.Go(func() error { return p.watchClock(ctx, clockwatch.New(clockwatch.Options{}), clockwatch.Every) })
	// Compiling takes the processors for a while: only once the first requests, which often come at once, are answered.
	warm := time.AfterFunc(warmAfter, p.renderer.Warm)
	defer warm.Stop()
	return group.Wait()
}

// servePortal starts the portal with its background work and prints how to get in.
func (p *program) servePortal(ctx context.Context, group *errgroup.Group) error {
	token, err := p.setupToken(ctx)
	if err != nil {
		return err
	}
	if err := p.portal.Readings().Recover(ctx); err != nil {
		return err
	}
	handler, err := handlers.New(handlers.Options{
		DB: p.portal.DB, Client: p.client, Files: p.files, Renderer: p.renderer, Face: p.face, Routing: p.router, Watch: p.watch,
		Platform: p.cfg.Platform, PublicURL: p.cfg.PublicURL, EngineURL: p.cfg.EngineURL, SetupToken: token,
		Settings: p.cfg.Settings, OIDC: p.cfg.OIDC, TrustedProxies: p.cfg.TrustedProxies, Version: version, Logger: p.logger, Clock: time.Now, Evidence: p.evidence(), KeptCheckpoints: p.keptCheckpoints, CallbackKeys: p.callbackKeys(), OwnApproval: p.cfg.OwnApproval,
		Messages:  p.messages(),
		Simulated: p.engine != nil && p.engine.Simulated(), Timestamps: p.timestamps(), AskTimestamps: p.askTimestamps(),
		SimulatedChannels: p.simulatedChannels(), IsSimulated: engine.IsSimulated, Outside: p.outside,
		Notices: handlers.Channels{Mail: p.cfg.Notices.MailURL != nil, Webhook: p.cfg.Notices.WebhookURL != ""},
		Roots:   p.trustedRoots(),
		Later:   p.laterState(), SignedBy: p.signedBy(),
	})
	if err != nil {
		return err
	}
	if err := p.listen(ctx, group, p.cfg.Listen, handler); err != nil {
		return err
	}
	group.Go(func() error { return p.router.Run(ctx) })
	group.Go(func() error { return p.watch.Run(ctx) })
	group.Go(func() error { return p.notices.Run(ctx) })
	group.Go(func() error { return p.verifyRegularly(ctx, p.cfg.AuditVerify) })
	fmt.Fprintln(p.out, i18n.T(ctx, "cli.serve.portal", "URL", p.cfg.PublicURL))
	if token != "" {
		fmt.Fprintln(p.out, i18n.T(ctx, "cli.serve.setup"))
		fmt.Fprintf(p.out, "  %s/setup?token=%s\n", p.cfg.PublicURL, token)
	}
	return nil
}

// keptCheckpoints are those of a log in the data folder and in the folder that they leave the machine for.
func (p *program) keptCheckpoints(log *audit.Log) []audit.Checkpoint {
	var further []string
	if p.cfg.Checkpoints.Folder != "" {
		further = []string{p.cfg.Checkpoints.Folder}
	}
	name := portalHalf
	if log != p.portal.Audit() {
		name = engineHalf
	}
	return p.data.knownCheckpoints(p.data.half(name), further...)
}

// messages are what the engine sends to people; nil without an engine.
func (p *program) messages() handlers.Messages {
	if p.engine == nil {
		return nil
	}
	return p.engine
}

// evidence is the engine's own log; nil without an engine.
func (p *program) evidence() *audit.Log {
	if p.engine == nil {
		return nil
	}
	return p.engine.Evidence()
}

// tellBreak writes the one line in the operator's log that says that an audit log is broken; log is "portal" or "evidence".
func tellBreak(logger *slog.Logger, log string) func(audit.Break) {
	ctx := i18n.WithLanguage(context.Background(), i18n.English)
	return func(b audit.Break) {
		text := i18n.T(ctx, "audit.broken."+log) + i18n.T(ctx, "audit.broken.reason."+b.Reason, "Found", b.Found.Size, "Signed", b.Signed.Size)
		logger.Error(text+" "+i18n.T(ctx, "audit.broken.line"), "reason", b.Reason, "found", b.Found.Size, "found_root", b.Found.Root.String(),
			"signed", b.Signed.Size, "signed_root", b.Signed.Root.String(), "segment", b.Segment)
	}
}

// refuseLostAccounts refuses a portal without accounts whose log says that there were, or does not verify so that nobody can tell: whoever
// came first would take it over.
func (p *program) refuseLostAccounts(ctx context.Context) error {
	has, err := p.portal.HasAccounts(ctx)
	if err != nil || has {
		return err
	}
	had, err := p.portal.HadAccounts(ctx)
	if err != nil {
		return err
	}
	report, err := p.portal.Audit().Verify(ctx)
	if err == nil && (had || !report.OK()) {
		err = refuse(ctx, "accounts", "Path", p.folders.half(portalHalf).path(db.FileName), "Dir", p.folders.root)
	}
	return err
}

// tellRow writes the line in the operator's log that says that a row of a database was changed; log is "portal" or "evidence".
func tellRow(logger *slog.Logger, log string) func(audit.ChangedRow) {
	ctx := i18n.WithLanguage(context.Background(), i18n.English)
	return func(row audit.ChangedRow) {
		text := i18n.T(ctx, "audit.rows."+log, "Count", 1, "Row", row.Table+" "+row.Key)
		logger.Error(text+" "+i18n.T(ctx, "audit.rows.line"), "table", row.Table, "key", row.Key)
	}
}

// setupToken is a token for the set-up page, as long as there is no account.
func (p *program) setupToken(ctx context.Context) (string, error) {
	has, err := p.portal.HasAccounts(ctx)
	if err != nil || has {
		return "", err
	}
	return rand.Text(), nil
}

// engineHandler is the engine's listener: the API, signers' pages, downloads and the console.
func (p *program) engineHandler() (http.Handler, error) {
	pages, err := signpages.New(signpages.Options{Engine: p.engine, Logger: p.logger})
	if err != nil {
		return nil, err
	}
	desk, err := console.New(console.Options{Engine: p.engine, PublicURL: p.cfg.EngineURL, Logger: p.logger})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", p.engine.API())
	mux.Handle(console.Prefix, desk)
	for _, prefix := range []string{"/s/", "/p/", "/d/", "/f/", "/static/", "/preferences"} {
		mux.Handle(prefix, pages)
	}
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		evidence := p.engine.Evidence()
		if _, broken := evidence.Broken(); broken || p.engine.Refused() != nil || len(evidence.ChangedRows()) > 0 {
			http.Error(w, "not ready", http.StatusServiceUnavailable) // why is for the operator: the log and the portal tell
			return
		}
		fmt.Fprintln(w, "ok")
		if p.engineWays != nil {
			for _, line := range p.engineWays.trouble(r.Context()) {
				fmt.Fprintln(w, line)
			}
		}
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	return mux, nil
}

// listen starts a server in the group. It is there when listen returns, so that an address in use is told at once.
func (p *program) listen(ctx context.Context, group *errgroup.Group, address string, handler http.Handler) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; choose another address with --listen or --engine-listen", address, err)
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(p.logger.Handler(), slog.LevelWarn),
	}
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		if err := server.Shutdown(drain); err != nil {
			return errors.Join(fmt.Errorf("stop the server on %s: %w", address, err), server.Close())
		}
		return nil
	})
	return nil
}

// Close closes what is open, the newest first.
func (p *program) Close() error {
	var errs []error
	if p.portal != nil {
		errs = append(errs, p.portal.Close())
	}
	if p.engine != nil {
		errs = append(errs, p.engine.Close())
	}
	errs = append(errs, p.engineKeeper.Close())
	if p.renderer != nil {
		errs = append(errs, p.renderer.Close())
	}
	return errors.Join(errs...)
}
