package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"

	"golang.org/x/sync/errgroup"

	"sealdesk/internal/api"
	"sealdesk/internal/config"
	"sealdesk/internal/console"
	"sealdesk/internal/engine"
	"sealdesk/internal/handlers"
	"sealdesk/internal/i18n"
)

// printConsole prints an address that logs in to the console of the engine which serves the data folder.
func printConsole(ctx context.Context, c config.EngineConsoleCommand, out io.Writer) (err error) {
	cfg, err := c.Config()
	if err != nil {
		return err
	}
	p, err := open(ctx, cfg, folders{cfg.Data}.cache(), out, asking, engineHalf)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	return p.tellConsole(ctx, out)
}

func (p *program) tellConsole(ctx context.Context, out io.Writer) error {
	token, err := p.engine.ConsoleToken(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, i18n.T(ctx, "cli.engine.console"))
	fmt.Fprintf(out, "  %s%s\n", p.cfg.EngineURL, console.LogInPath(token))
	return nil
}

// tellCredentials prints what a program needs to call the engine.
func (p *program) tellCredentials(ctx context.Context, out io.Writer, asJSON bool) error {
	credentials, err := p.engine.Credentials(ctx)
	if err != nil {
		return err
	}
	// SDKs take host and port as their endpoint, and the protocol apart from it.
	credentials.Endpoint = strings.TrimPrefix(strings.TrimPrefix(credentials.Endpoint, "http://"), "https://")
	if asJSON {
		return json.NewEncoder(out).Encode(credentials)
	}
	fmt.Fprintf(out, "endpoint       %s\nregion         %s\napplication id %s\nsecret id      %s\nsecret key     %s\n",
		credentials.Endpoint, credentials.Region, credentials.ApplicationID, credentials.SecretID, credentials.SecretKey)
	return nil
}

// serveEngine starts the engine with its background work. One that keeps nothing tells how to get in: no other process could.
func (p *program) serveEngine(ctx context.Context, group *errgroup.Group) error {
	if err := p.engine.Recover(ctx); err != nil {
		return err
	}
	handler, err := p.engineHandler()
	if err != nil {
		return err
	}
	if err := p.engine.BeginServing(ctx); err != nil {
		return err
	}
	if err := p.listen(ctx, group, p.cfg.EngineListen, handler); err != nil {
		return err
	}
	group.Go(func() error { return p.engine.RunCallbacks(ctx) })
	group.Go(func() error { return p.engine.RunTimestamps(ctx) })
	group.Go(func() error { return p.engine.RunMessages(ctx) })
	fmt.Fprintln(p.out, i18n.T(ctx, "cli.serve.engine", "URL", p.cfg.EngineURL))
	if !p.cfg.Memory {
		return nil
	}
	return errors.Join(p.tellCredentials(ctx, p.out, false), p.tellConsole(ctx, p.out))
}

// simulatedChannels are the checks of signers that the engine only simulates; the cloud has none.
func (p *program) simulatedChannels() []string {
	if p.engine == nil {
		return nil
	}
	return engine.SimulatedChannels()
}

// timestamps tells how the outside time-stamping authority stands, where the engine has one.
func (p *program) timestamps() func() (url, problem string) {
	if p.engine == nil || p.cfg.TSA.URL == "" {
		return nil
	}
	return func() (string, string) {
		state := p.engine.TimestampState()
		return state.URL, state.Problem
	}
}

// askTimestamps asks that authority.
func (p *program) askTimestamps() func(context.Context) (url, problem string) {
	if p.timestamps() == nil {
		return nil
	}
	return func(ctx context.Context) (string, string) {
		state := p.engine.AskTimestamp(ctx)
		return state.URL, state.Problem
	}
}

// callbackKeys are what the embedded engine's callbacks are sealed with; the cloud sends none here.
func (p *program) callbackKeys() func(context.Context) (api.CallbackKeys, error) {
	if p.engine == nil {
		return nil
	}
	return p.engine.CallbackKeys
}

// ownCallback is where the embedded engine tells the portal in the same program what happens: its listener, not its public address, which
// may lead over a proxy. It is empty without a portal.
func ownCallback(cfg config.Config) string {
	host, port, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return ""
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port) + handlers.CallbackPath
}
