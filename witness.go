package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"sealdesk/internal/config"
	"sealdesk/internal/i18n"
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
