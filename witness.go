package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"sealdesk/internal/config"
	"sealdesk/internal/i18n"
	"sealdesk/internal/mailer"
	"sealdesk/internal/outside"
	"sealdesk/internal/witness"
)

// serveWitness attests checkpoints of other machines until the context ends.
func serveWitness(ctx context.Context, c config.WitnessCommand, out io.Writer) (err error) {
	cfg, err := c.Config()
	if err != nil {
		return err
	}
	p := &program{cfg: cfg, logger: newLogger(cfg.Log), out: out}
	w, err := witness.Open(ctx, witness.Options{Dir: folders{cfg.Data}.witness(), Name: c.WitnessName, Logs: c.Logs, Logger: p.logger})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	group, ctx := errgroup.WithContext(ctx)
	if err := p.listen(ctx, group, cfg.Listen, w.Handler()); err != nil {
		return err
	}
	fmt.Fprintln(out, i18n.T(ctx, "cli.witness", "Address", cfg.Listen))
	fmt.Fprintln(out, "  --witness-key", w.PublicKey())
	return group.Wait()
}

// newOutside sets up the ways on which the checkpoints leave this machine: those of both logs, or of the engine's where it runs alone.
func (p *program) newOutside() (*outside.Sender, error) {
	ways := p.cfg.Checkpoints
	options := outside.Options{Folder: ways.Folder, Syslog: ways.Syslog, PostURL: ways.PostURL, PostSecret: ways.PostSecret, PublicURL: p.cfg.PublicURL,
		WitnessURL: ways.WitnessURL, Logger: p.logger}
	if p.portal != nil {
		options.DB, options.Logs = p.portal.DB, append(options.Logs, p.portal.Audit())
	} else {
		p.engineWays = &engineWays{path: p.folders.engineWays(), log: p.engine.Evidence(), mailTo: ways.MailTo, now: time.Now}
		options.DB = p.engineWays
	}
	if p.engine != nil {
		options.Logs = append(options.Logs, p.engine.Evidence())
	}
	if ways.Mail {
		options.Mail = &mailer.Server{URL: p.cfg.Gateways.MailURL, From: p.cfg.Gateways.MailFrom}
	}
	if ways.WitnessKey != "" {
		key, err := witness.ParseKey(ways.WitnessKey)
		if err != nil {
			return nil, fmt.Errorf("--witness-key: %w", err)
		}
		options.WitnessKey = key
	}
	return outside.New(options)
}
