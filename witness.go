package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"sealdesk/internal/audit"
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

// newOutside sets up the ways on which the checkpoints of both logs leave this machine.
func (p *program) newOutside() (*outside.Sender, error) {
	ways := p.cfg.Checkpoints
	options := outside.Options{DB: p.portal.DB, Logs: []*audit.Log{p.portal.Audit()}, Folder: ways.Folder, Syslog: ways.Syslog,
		PostURL: ways.PostURL, PostSecret: ways.PostSecret, PublicURL: p.cfg.PublicURL, WitnessURL: ways.WitnessURL, Logger: p.logger}
	if p.engine != nil {
		options.Logs = append(options.Logs, p.engine.Evidence())
	}
	if ways.Mail {
		options.Mail = &mailer.Server{URL: p.cfg.Notices.MailURL, From: p.cfg.Notices.MailFrom}
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
