package config

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Embedded is the endpoint that means the engine in this program.
const Embedded = "embedded"

// Config is what serving needs, checked and complete.
type Config struct {
	Listen, EngineListen string // host:port
	PublicURL, EngineURL string // without a slash at the end
	Data                 string // absolute path
	Fonts                []string
	Platform             Platform
	TrustedProxies       []netip.Prefix
	Notices              Notices
	Gateways             Gateways // how codes, invitations and other messages reach people
	Checkpoints          Checkpoints
	OIDC                 OIDC
	Demo                 bool
	OwnApproval          bool          // an account may approve what it sent itself
	AuditVerify          time.Duration // how often the audit log is verified by itself; 0: never
	Memory               bool          // the engine keeps nothing
	Simulate             bool          // the engine's world may be bent, and channels be simulated
	TSA                  TSA
	AllowPrivate         bool // the engine fetches from and calls back to private networks
	Log                  Log
	Settings             []Setting // of serve
}

// Platform is how to reach the platform. For the embedded engine everything but Endpoint is empty: the engine knows its own.
type Platform struct {
	Endpoint, Region, SecretID, SecretKey, ApplicationID string
}

// TSA is the outside time-stamping authority; without a URL there is none. Without roots its certificate must lead to one of the system's.
type TSA struct {
	URL   string
	Roots []*x509.Certificate
}

// Notices is how notices leave the portal; empty addresses are channels that are off.
type Notices struct {
	MailURL                   *url.URL // smtp or smtps
	MailFrom                  string
	WebhookURL, WebhookSecret string
}

// Checkpoints is how checkpoints of the audit logs leave the machine; what is empty is off.
type Checkpoints struct {
	Folder                 string
	Syslog                 *url.URL // unixgram with a path, udp or tcp with host and port
	PostURL, PostSecret    string
	Mail                   bool     // to the reviewers, through the server of Gateways
	MailTo                 []string // who reviews where the engine runs alone; the portal knows by itself
	WitnessURL, WitnessKey string
}

// any tells whether there is a way.
func (c Checkpoints) any() bool {
	return c.Folder != "" || c.Syslog != nil || c.PostURL != "" || c.Mail || c.WitnessURL != ""
}

// OIDC is the OpenID Connect provider that people may sign in with; without an issuer there is none.
type OIDC struct {
	Issuer, ClientID, ClientSecret string
	Label                          string // what people call it
}

// IsEmbedded tells whether the platform is the engine in this program.
func (p Platform) IsEmbedded() bool { return p.Endpoint == Embedded }

// Log is how to log.
type Log struct {
	JSON  bool
	Level slog.Level
}

// TLS tells whether browsers reach the portal over TLS, so that its cookies are for TLS only.
func (c Config) TLS() bool { return strings.HasPrefix(c.PublicURL, "https://") }

// Config checks the flags of serve and fills in what follows from others. All problems are reported together.
func (c ServeCommand) Config() (Config, error) {
	var problems []error
	report := func(flag string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("--%s: %w", flag, err))
		}
	}
	cfg := Config{Listen: c.Listen, EngineListen: c.EngineListen, Fonts: c.Fonts, Demo: c.Demo, OwnApproval: c.OwnApproval, AuditVerify: map[string]time.Duration{"daily": 24 * time.Hour, "hourly": time.Hour}[c.AuditVerify], AllowPrivate: c.AllowPrivate,
		Simulate: c.Simulate || c.Demo}
	var err error
	cfg.Data, err = filepath.Abs(c.Data)
	report("data", err)
	cfg.PublicURL, err = baseURL(c.PublicURL, c.Listen)
	report("public-url", err)
	cfg.EngineURL, err = baseURL(c.EngineURL, c.EngineListen)
	report("engine-url", err)
	report("listen", checkAddress(c.Listen))
	report("engine-listen", checkAddress(c.EngineListen))
	if c.Listen == c.EngineListen && !strings.HasSuffix(c.Listen, ":0") {
		report("engine-listen", errors.New("is the portal's address too"))
	}
	cfg.TrustedProxies, err = prefixes(c.TrustedProxies)
	report("trusted-proxies", err)
	cfg.Log, err = c.LogFlags.config()
	report("log-level", err)
	cfg.Gateways, err = c.gateways()
	if err != nil {
		problems = append(problems, err)
	}
	cfg.Notices, err = c.notices()
	if err != nil {
		problems = append(problems, err)
	}
	cfg.Notices.MailURL, cfg.Notices.MailFrom = cfg.Gateways.MailURL, cfg.Gateways.MailFrom
	cfg.Checkpoints, err = c.checkpoints()
	if err != nil {
		problems = append(problems, err)
	}
	if cfg.Checkpoints.Mail = c.CheckpointMail; c.CheckpointMail && cfg.Gateways.MailURL == nil {
		problems = append(problems, errors.New("--smtp-url is needed beside --checkpoint-mail"))
	}
	cfg.OIDC, err = c.oidc()
	if err != nil {
		problems = append(problems, err)
	}
	cfg.Platform, err = c.platform()
	if err != nil {
		problems = append(problems, err)
	}
	cfg.TSA, err = c.EngineFlags.tsa()
	if err != nil {
		problems = append(problems, err)
	}
	cfg.Settings = cfg.effective(c.Settings)
	return cfg, errors.Join(problems...)
}

// Config checks the flags of engine alone; of the portal's settings only those of the engine are filled.
func (c EngineRunCommand) Config() (Config, error) {
	cfg, err := engineConfig(c.DataFlags, c.EngineFlags, c.LogFlags)
	cfg.Memory, cfg.Simulate = c.Memory, c.Simulate || c.Memory
	gateways, gatewayErr := c.gateways()
	cfg.Gateways = gateways
	ways, waysErr := c.checkpoints()
	ways.MailTo, ways.Mail = c.CheckpointMailTo, len(c.CheckpointMailTo) > 0
	cfg.Checkpoints = ways
	var mailErr, memoryErr error
	if ways.Mail && gateways.MailURL == nil {
		mailErr = errors.New("--smtp-url is needed beside --checkpoint-mail-to")
	}
	for _, to := range ways.MailTo {
		if a, err := mail.ParseAddress(to); err != nil || a.Address != to {
			mailErr = errors.Join(mailErr, fmt.Errorf("--checkpoint-mail-to: %q is no e-mail address", to))
		}
	}
	if c.Memory && ways.any() {
		memoryErr = errors.New("--memory keeps nothing that a checkpoint could prove: leave out the ways of checkpoints, or keep the data")
	}
	return cfg, errors.Join(err, gatewayErr, waysErr, mailErr, memoryErr)
}

// Config is as EngineRunCommand's.
func (c EngineConsoleCommand) Config() (Config, error) {
	return engineConfig(c.DataFlags, c.EngineFlags, LogFlags{LogFormat: "text", LogLevel: "warn"})
}

// Config is as EngineRunCommand's.
func (c EngineCredentialsCommand) Config() (Config, error) {
	return engineConfig(c.DataFlags, c.EngineFlags, LogFlags{LogFormat: "text", LogLevel: "warn"})
}

// Config checks the flags of witness; of the settings only Listen, Data and Log are filled.
func (c WitnessCommand) Config() (Config, error) {
	dir, dirErr := filepath.Abs(c.Data)
	logging, logErr := c.LogFlags.config()
	return Config{Listen: c.WitnessListen, Data: dir, Log: logging}, errors.Join(dirErr, checkAddress(c.WitnessListen), logErr)
}

func engineConfig(data DataFlags, engine EngineFlags, log LogFlags) (Config, error) {
	cfg := Config{EngineListen: engine.EngineListen, Fonts: engine.Fonts, AllowPrivate: engine.AllowPrivate, Simulate: engine.Simulate, Platform: Platform{Endpoint: Embedded}}
	dir, dirErr := filepath.Abs(data.Data)
	base, baseErr := baseURL(engine.EngineURL, engine.EngineListen)
	logging, logErr := log.config()
	cfg.Data, cfg.EngineURL, cfg.Log = dir, base, logging
	tsa, tsaErr := engine.tsa()
	cfg.TSA = tsa
	return cfg, errors.Join(dirErr, checkAddress(engine.EngineListen), baseErr, logErr, tsaErr)
}

// tsa checks the outside time-stamping authority. Plain http is enough: its answers are signed.
func (f EngineFlags) tsa() (t TSA, err error) {
	if f.TSAURL == "" {
		if f.TSARoot != "" {
			return t, errors.New("--tsa-url is needed beside --tsa-root")
		}
		return t, nil
	}
	u, err := url.Parse(f.TSAURL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.Fragment != "" {
		return t, fmt.Errorf("--tsa-url: %q is not a web address", f.TSAURL)
	}
	t.URL = f.TSAURL
	if f.TSARoot == "" {
		return t, nil
	}
	rest, err := os.ReadFile(f.TSARoot)
	if err != nil {
		return t, fmt.Errorf("--tsa-root: %w", err)
	}
	for block := (*pem.Block)(nil); ; {
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		root, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return t, fmt.Errorf("--tsa-root: %s: %w", f.TSARoot, err)
		}
		t.Roots = append(t.Roots, root)
	}
	if len(t.Roots) == 0 {
		return t, fmt.Errorf("--tsa-root: %s holds no certificate in PEM", f.TSARoot)
	}
	return t, nil
}

func (f LogFlags) config() (Log, error) {
	log := Log{JSON: f.LogFormat == "json"}
	err := log.Level.UnmarshalText([]byte(f.LogLevel))
	return log, err
}

func (c PlatformFlags) platform() (Platform, error) {
	if c.Endpoint == Embedded {
		return Platform{Endpoint: Embedded}, nil
	}
	p := Platform{Region: c.Region, ApplicationID: c.ApplicationID}
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "https" && !isLoopback(u) {
		return p, fmt.Errorf("--endpoint: %q is neither %q nor an https address", c.Endpoint, Embedded)
	}
	p.Endpoint = strings.TrimSuffix(c.Endpoint, "/")
	var idErr, keyErr error
	p.SecretID, idErr = secret("secret-id", c.SecretID, c.SecretIDFile)
	p.SecretKey, keyErr = secret("secret-key", c.SecretKey, c.SecretKeyFile)
	if p.ApplicationID == "" {
		err = errors.New("--application-id is needed for an endpoint that is not embedded")
	}
	return p, errors.Join(idErr, keyErr, err)
}

// notices checks the channels of notices; what belongs to a channel is needed as soon as the channel is on.
func (c ServeCommand) notices() (n Notices, err error) {
	var errs []error
	if c.WebhookURL != "" {
		u, err := url.Parse(c.WebhookURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
			errs = append(errs, fmt.Errorf("--webhook-url: %q is not a web address", c.WebhookURL))
		}
		n.WebhookURL = c.WebhookURL
		n.WebhookSecret, err = secret("webhook-secret", c.WebhookSecret, c.WebhookSecretFile)
		errs = append(errs, err)
	}
	return n, errors.Join(errs...)
}

// oidc checks the provider that people sign in with. The issuer stays as it is given: its tokens name it letter by letter.
func (c ServeCommand) oidc() (OIDC, error) {
	if c.OIDCIssuer == "" {
		if c.OIDCClientID+c.OIDCClientSecret+c.OIDCClientSecretFile+c.OIDCLabel != "" {
			return OIDC{}, errors.New("--oidc-issuer is needed beside the other --oidc settings")
		}
		return OIDC{}, nil
	}
	u, err := url.Parse(c.OIDCIssuer)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || u.Scheme != "https" && !isLoopback(u) {
		return OIDC{}, fmt.Errorf("--oidc-issuer: %q is not an https address", c.OIDCIssuer)
	}
	o := OIDC{Issuer: c.OIDCIssuer, ClientID: c.OIDCClientID, Label: c.OIDCLabel}
	if o.Label == "" {
		o.Label = u.Hostname()
	}
	if o.ClientID == "" {
		err = errors.New("--oidc-client-id is needed beside --oidc-issuer")
	}
	var secretErr error
	o.ClientSecret, secretErr = secret("oidc-client-secret", c.OIDCClientSecret, c.OIDCClientSecretFile)
	return o, errors.Join(err, secretErr)
}

// isLoopback allows plain http to another service on the same machine.
func isLoopback(u *url.URL) bool {
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || err == nil && ip.IsLoopback())
}

// secret takes a secret from its flag or from a file, whose last line end is not part of it.
func secret(flag, value, file string) (string, error) {
	switch {
	case value != "" && file != "":
		return "", fmt.Errorf("--%s and --%s-file exclude each other", flag, flag)
	case value != "":
		return value, nil
	case file == "":
		return "", fmt.Errorf("--%s or --%s-file is needed", flag, flag)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("--%s-file: %w", flag, err)
	}
	if value = strings.TrimRight(string(data), "\r\n"); value == "" {
		return "", fmt.Errorf("--%s-file: %s is empty", flag, file)
	}
	return value, nil
}

// baseURL checks a base address, or makes one of the listening address. An address that listens everywhere is reached on this machine.
func baseURL(given, listen string) (string, error) {
	if given == "" {
		host, port, err := net.SplitHostPort(listen)
		if err != nil {
			return "", nil // reported for the listening address
		}
		if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
			host = "127.0.0.1"
		}
		return "http://" + net.JoinHostPort(host, port), nil
	}
	u, err := url.Parse(given)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", fmt.Errorf("%q is not a web address", given)
	}
	if strings.Trim(u.Path, "/") != "" {
		return "", fmt.Errorf("%q has a path; a host of its own is needed", given)
	}
	return u.Scheme + "://" + u.Host, nil
}

func checkAddress(listen string) error {
	if _, _, err := net.SplitHostPort(listen); err != nil {
		return fmt.Errorf("%q is not HOST:PORT", listen)
	}
	return nil
}

func prefixes(list []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range list {
		if ip, err := netip.ParseAddr(text); err == nil {
			all = append(all, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor a CIDR", text)
		}
		all = append(all, p)
	}
	return all, nil
}
