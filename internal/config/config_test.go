package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func parse(t *testing.T, args ...string) (CLI, string) {
	t.Helper()
	var c CLI
	command, done, err := c.Parse(args, new(strings.Builder))
	if err != nil || done {
		t.Fatalf("parse %v: done=%v, %v", args, done, err)
	}
	return c, command
}

func TestEveryCommandIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "some.pdf")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		Serve:             {"serve", "--data", "x"},
		EngineRun:         {"engine", "--engine-listen", "127.0.0.1:1"},
		EngineCredentials: {"engine", "credentials", "--json"},
		EngineConsole:     {"engine", "console"},
		Demo:              {"demo", "--out", "out"},
		UserAdd:           {"user", "add", "li", "--role", "business", "--password-stdin"},
		UserPasswd:        {"user", "passwd", "li"},
		UserList:          {"user", "list"},
		AuditVerify:       {"audit", "verify", "--against", file},
		AuditExport:       {"audit", "export"},
		AuditCheckpoint:   {"audit", "checkpoint"},
		Witness:           {"witness", "--log", "a+b+c", "--log", "d+e+f"},
		Verify:            {"verify", file, "--json"},
		Backup:            {"backup", "dir"},
		Erase:             {"erase", "wang"},
		Restore:           {"restore", filepath.Dir(file)},
		Health:            {"health"},
		Version:           {"version"},
	} {
		if _, got := parse(t, args...); got != want {
			t.Errorf("%v is %q, want %q", args, got, want)
		}
	}
}

func TestHelpIsWrittenAndNothingRuns(t *testing.T) {
	var c CLI
	var out strings.Builder
	for _, args := range [][]string{{"--help"}, {"serve", "--help"}, {"user", "--help"}} {
		command, done, err := c.Parse(args, &out)
		if err != nil || !done || command != "" {
			t.Errorf("%v: %q %v %v", args, command, done, err)
		}
	}
	if !strings.Contains(out.String(), "SEALDESK_ENGINE_LISTEN") {
		t.Error("the help does not name the environment variables")
	}
}

func TestEnvironmentGivesFlagsAndAFlagWins(t *testing.T) {
	t.Setenv("SEALDESK_LISTEN", "127.0.0.1:1111")
	t.Setenv("SEALDESK_ENGINE_URL", "https://sign.example.com/")
	t.Setenv("SEALDESK_PUBLIC_URL", "https://desk.example.com")
	c, _ := parse(t, "serve")
	cfg, err := c.Serve.Config()
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Listen != "127.0.0.1:1111" || cfg.EngineURL != "https://sign.example.com" || !cfg.TLS() {
		t.Errorf("environment not taken: %+v", cfg)
	}
	c, _ = parse(t, "serve", "--listen", "127.0.0.1:2222")
	if c.Serve.Listen != "127.0.0.1:2222" {
		t.Errorf("listen = %s", c.Serve.Listen)
	}
}

func TestDefaultsServeTheEmbeddedEngine(t *testing.T) {
	c, _ := parse(t, "serve")
	cfg, err := c.Serve.Config()
	if err != nil {
		t.Fatal(err)
	}
	if !cfg.Platform.IsEmbedded() || cfg.PublicURL != "http://127.0.0.1:8080" || cfg.EngineURL != "http://127.0.0.1:8081" || cfg.TLS() || !filepath.IsAbs(cfg.Data) {
		t.Errorf("defaults: %+v", cfg)
	}
	c, _ = parse(t, "serve", "--listen", "0.0.0.0:80")
	if cfg, _ = c.Serve.Config(); cfg.PublicURL != "http://127.0.0.1:80" {
		t.Errorf("public address of a portal that listens everywhere: %s", cfg.PublicURL)
	}
}

func TestCloudNeedsItsSecretsAndTakesThemFromFiles(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SEALDESK_SECRET_KEY_FILE", key)
	c, _ := parse(t, "serve", "--endpoint", "https://essbasic.tencentcloudapi.com", "--secret-id", "AKID", "--application-id", "app")
	cfg, err := c.Serve.Config()
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Platform.SecretKey != "s3cret" || cfg.Platform.IsEmbedded() {
		t.Errorf("platform: %+v", cfg.Platform)
	}
	for _, args := range [][]string{
		{"--secret-id", "AKID"},     // no application
		{"--application-id", "app"}, // no secret id
		{"--secret-id", "a", "--application-id", "a", "--secret-key", "both"}, // key given twice
	} {
		c, _ := parse(t, append([]string{"serve", "--endpoint", "https://essbasic.tencentcloudapi.com"}, args...)...)
		if _, err := c.Serve.Config(); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
}

func TestBadSettingsAreAllNamed(t *testing.T) {
	c, _ := parse(t, "serve", "--listen", "nowhere", "--public-url", "ftp://x", "--trusted-proxies", "a.b", "--endpoint", "http://essbasic.example.com")
	_, err := c.Serve.Config()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, flag := range []string{"--listen", "--public-url", "--trusted-proxies", "--endpoint"} {
		if !strings.Contains(err.Error(), flag) {
			t.Errorf("%s is not named in: %v", flag, err)
		}
	}
}

func TestTheProviderOfSignInIsWholeOrAbsent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, _ := parse(t, "serve", "--oidc-issuer", "https://id.example.com/realm", "--oidc-client-id", "desk", "--oidc-client-secret-file", file)
	cfg, err := c.Serve.Config()
	if err != nil {
		t.Fatal(err)
	}
	if want := (OIDC{"https://id.example.com/realm", "desk", "s3cret", "id.example.com"}); cfg.OIDC != want {
		t.Errorf("%+v, want %+v", cfg.OIDC, want)
	}
	for want, args := range map[string][]string{
		"--oidc-issuer is needed":           {"--oidc-client-id", "desk"},
		"--oidc-issuer: ":                   {"--oidc-issuer", "http://id.example.com", "--oidc-client-id", "desk", "--oidc-client-secret", "s"},
		"--oidc-client-id is needed":        {"--oidc-issuer", "http://127.0.0.1:9", "--oidc-client-secret", "s"},
		"--oidc-client-secret-file is need": {"--oidc-issuer", "https://id.example.com", "--oidc-client-id", "desk"},
	} {
		c, _ := parse(t, append([]string{"serve"}, args...)...)
		if _, err := c.Serve.Config(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", args, err, want)
		}
	}
}

func TestSettingsTellWhereTheyCameFromAndNoSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("hidden-in-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SEALDESK_LISTEN", "127.0.0.1:1111")
	t.Setenv("SEALDESK_WEBHOOK_SECRET", "hidden-in-the-environment")
	t.Setenv("SEALDESK_LOG_LEVEL", "warn")
	c, _ := parse(t, "serve", "--endpoint", "https://cloud.example.com", "--secret-id", "hidden-id", "--secret-key-file", file, "--application-id", "app",
		"--webhook-url", "https://hooks.example.com/hidden-path", "--log-level", "info", "--fonts", "a.ttf", "--fonts", "b.ttf", "--smtp-from", "desk@example.com",
		"--smtp-url", "smtp://user:hidden-password@mail.example.com:587", "--oidc-issuer", "https://id.example.com", "--oidc-client-id", "desk", "--oidc-client-secret", "hidden-too")
	cfg, err := c.Serve.Config()
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]Setting)
	for _, s := range cfg.Settings {
		found[s.Name] = s
		if strings.Contains(s.Value, "hidden") {
			t.Errorf("%s shows %q", s.Name, s.Value)
		}
	}
	for name, want := range map[string]Setting{
		"listen":         {Env: "SEALDESK_LISTEN", Value: "127.0.0.1:1111", Set: true, Source: FromEnv},
		"engine-listen":  {Env: "SEALDESK_ENGINE_LISTEN", Value: "127.0.0.1:8081", Set: true, Source: FromDefault},
		"public-url":     {Env: "SEALDESK_PUBLIC_URL", Value: "http://127.0.0.1:1111", Set: true, Source: FromDefault},
		"log-level":      {Env: "SEALDESK_LOG_LEVEL", Value: "info", Set: true, Source: FromFlag},
		"fonts":          {Env: "SEALDESK_FONTS", Value: "a.ttf, b.ttf", Set: true, Source: FromFlag},
		"region":         {Env: "SEALDESK_REGION", Source: FromDefault},
		"secret-key":     {Env: "SEALDESK_SECRET_KEY", Secret: true, Set: true, Source: FromFile},
		"webhook-secret": {Env: "SEALDESK_WEBHOOK_SECRET", Secret: true, Set: true, Source: FromEnv},
		"smtp-url":       {Env: "SEALDESK_SMTP_URL", Secret: true, Set: true, Source: FromFlag},
		"oidc-label":     {Env: "SEALDESK_OIDC_LABEL", Value: "id.example.com", Set: true, Source: FromDefault},
	} {
		want.Name = name
		if found[name] != want {
			t.Errorf("%+v, want %+v", found[name], want)
		}
	}
}

func TestTheTimeStampingAuthority(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string // of the error; empty for none
	}{
		{[]string{"--tsa-url", "http://tsa.example/ts"}, ""},
		{[]string{"--tsa-url", "ftp://tsa.example"}, "--tsa-url"},
		{[]string{"--tsa-url", "http://user:secret@tsa.example"}, "--tsa-url"},
		{[]string{"--tsa-root", empty}, "--tsa-url is needed"},
		{[]string{"--tsa-url", "http://tsa.example/ts", "--tsa-root", empty}, "holds no certificate"},
	} {
		cli, _ := parse(t, append([]string{"serve"}, c.args...)...)
		cfg, err := cli.Serve.Config()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c.args, err)
		}
		if c.want == "" && cfg.TSA.URL != c.args[1] {
			t.Errorf("%v: %+v", c.args, cfg.TSA)
		}
	}
}

// TestWhoSimulates holds which ways of starting bend the world; the plain one never does.
func TestWhoSimulates(t *testing.T) {
	for _, c := range []struct {
		args []string
		want bool
	}{
		{[]string{"serve"}, false},
		{[]string{"serve", "--simulate"}, true},
		{[]string{"serve", "--demo"}, true},
		{[]string{"engine"}, false},
		{[]string{"engine", "--simulate"}, true},
		{[]string{"engine", "--memory"}, true},
	} {
		cli, _ := parse(t, c.args...)
		cfg, err := cli.Serve.Config()
		if c.args[0] == "engine" {
			cfg, err = cli.Engine.Run.Config()
		}
		if err != nil || cfg.Simulate != c.want {
			t.Errorf("%v: Simulate is %v, %v; want %v", c.args, cfg.Simulate, err, c.want)
		}
	}
}

func TestWaysOutOfCheckpointsAreWholeOrAbsent(t *testing.T) {
	c, _ := parse(t, "serve", "--checkpoint-folder", "out", "--checkpoint-syslog", "unixgram:///dev/log", "--checkpoint-url", "https://keep.example.com/x",
		"--checkpoint-secret", "s", "--checkpoint-mail", "--smtp-url", "smtp://mail.example.com:25", "--smtp-from", "desk@example.com",
		"--witness", "https://witness.example.com", "--witness-key", "k")
	cfg, err := c.Serve.Config()
	if err != nil {
		t.Fatal(err)
	}
	if w := cfg.Checkpoints; !filepath.IsAbs(w.Folder) || w.Syslog.Path != "/dev/log" || w.PostSecret != "s" || !w.Mail || w.WitnessKey != "k" {
		t.Errorf("%+v", w)
	}
	for want, args := range map[string][]string{
		"--checkpoint-syslog: ":                           {"--checkpoint-syslog", "udp://host"},
		"is not unixgram":                                 {"--checkpoint-syslog", "/dev/log"},
		"--checkpoint-url: ":                              {"--checkpoint-url", "keep.example.com", "--checkpoint-secret", "s"},
		"--checkpoint-secret or --checkpoint-secret-file": {"--checkpoint-url", "https://keep.example.com"},
		"--smtp-url is needed":                            {"--checkpoint-mail"},
		"--witness and --witness-key belong":              {"--witness", "https://witness.example.com"},
		"--witness-key belong":                            {"--witness-key", "k"},
		"--witness: ":                                     {"--witness", "witness.example.com", "--witness-key", "k"},
	} {
		c, _ := parse(t, append([]string{"serve"}, args...)...)
		if _, err := c.Serve.Config(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", args, err, want)
		}
	}
}
