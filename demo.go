package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"sealdesk/internal/audit"
	"sealdesk/internal/config"
	"sealdesk/internal/demo"
	"sealdesk/internal/i18n"
	"sealdesk/internal/pdf"
	"sealdesk/internal/seal"
)

// maxDownload bounds what one link of the demo may bring.
const maxDownload = 64 << 20

// runDemo does the main job against an engine of its own, in a data folder that is gone afterwards, and leaves the results.
func runDemo(ctx context.Context, c config.DemoCommand, out io.Writer) (err error) {
	data, err := os.MkdirTemp("", "sealdesk-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	address, err := freeAddress()
	if err != nil {
		return err
	}
	cfg := config.Config{
		EngineListen: address, EngineURL: "http://" + address, Data: data, Fonts: c.Fonts, Platform: config.Platform{Endpoint: config.Embedded}, Simulate: true,
	}
	p, err := open(ctx, cfg, "", io.Discard, starting, halfNames...) // the user's own cache: the data folder is gone afterwards
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	if err := p.openPortal(ctx); err != nil {
		return err
	}
	group, serving := errgroup.WithContext(ctx)
	serving, stop := context.WithCancel(serving)
	defer func() {
		stop()
		err = errors.Join(err, group.Wait())
	}()
	handler, err := p.engineHandler()
	if err != nil {
		return err
	}
	if err := p.listen(serving, group, address, handler); err != nil {
		return err
	}
	// Starting PDFium takes seconds on a machine that never did; it is no part of the job.
	if err := p.renderer.Ready(ctx); err != nil {
		return err
	}
	return p.leaveDemo(audit.WithActor(ctx, terminalActor()), c.Out, out)
}

// freeAddress is an address on this machine that was free a moment ago.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// leaveDemo runs the job, printing each step, and writes its files.
func (p *program) leaveDemo(ctx context.Context, dir string, out io.Writer) error {
	start, n := time.Now(), 0
	result, err := demo.Run(ctx, demo.Options{
		Client: p.client, Face: p.face, Download: download, Clock: time.Now, ShowFace: p.engine.PassFaceCheck,
		Step: func(key string, took time.Duration) {
			n++
			fmt.Fprintf(out, "%2d  %8.1f ms  %s\n", n, float64(took.Microseconds())/1000, i18n.T(ctx, key))
		},
	})
	if err != nil {
		return err
	}
	written, err := p.demoFiles(ctx, result)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	fmt.Fprintln(out, i18n.T(ctx, "cli.demo.done", "Took", time.Since(start).Round(time.Millisecond).String(), "Dir", dir))
	for _, file := range written {
		if err := os.WriteFile(filepath.Join(dir, file.name), file.content, 0o644); err != nil {
			return err
		}
		fmt.Fprintf(out, "    %-28s %9d\n", file.name, len(file.content))
	}
	return nil
}

type namedFile struct {
	name    string
	content []byte
}

// demoFiles is what the demo leaves: the contract before and after, its seals, the certificate to check it with, the audit log.
func (p *program) demoFiles(ctx context.Context, result *demo.Result) ([]namedFile, error) {
	report, err := pdf.Verify(result.Contract, p.engine.Roots())
	if err != nil {
		return nil, fmt.Errorf("verify the signed contract: %w", err)
	}
	if !report.OK || len(report.Signatures) != len(result.Parties) {
		return nil, fmt.Errorf("the signed contract does not verify: %s", report.Problem)
	}
	root, err := os.ReadFile(p.folders.engineRoot())
	if err != nil {
		return nil, err
	}
	var log bytes.Buffer
	if _, err := p.portal.Audit().Export(ctx, &log, audit.Filter{}, audit.JSONL, nil); err != nil {
		return nil, fmt.Errorf("export the audit log: %w", err)
	}
	all := []namedFile{
		{"contract.pdf", result.Original}, {"contract-signed.pdf", result.Contract}, {"engine-root.pem", root}, {"audit.jsonl", log.Bytes()},
		{"audit-key.txt", []byte(p.portal.Audit().PublicKey() + "\n")},
	}
	for _, s := range result.Seals {
		drawing, err := seal.Draw(p.face, s.Spec)
		if err != nil {
			return nil, err
		}
		all = append(all, namedFile{s.Name + ".png", s.PNG}, namedFile{s.Name + ".svg", drawing.SVG()})
	}
	return all, nil
}

// fillDemo fills a new data folder. One that has been filled before is served as it is.
func (p *program) fillDemo(ctx context.Context) error {
	if err := p.renderer.Ready(ctx); err != nil {
		return err
	}
	ctx = audit.WithActor(ctx, terminalActor())
	password := strings.ToLower(rand.Text())[:12]
	err := demo.Fill(ctx, demo.Portal{
		Options: demo.Options{Client: p.client, Face: p.face, Download: download, Clock: time.Now, ShowFace: p.engine.PassFaceCheck},
		DB:      p.portal.DB, Files: p.files, Renderer: p.renderer, Router: p.router, Watch: p.watch, Password: password,
	})
	if errors.Is(err, demo.ErrNotEmpty) {
		return nil
	}
	if err == nil {
		fmt.Fprintln(p.out, i18n.T(ctx, "cli.serve.demo", "Names", strings.Join(demo.Accounts(), " · "), "Password", password))
	}
	return err
}

// download fetches one of the platform's links.
func download(ctx context.Context, url string) (_ []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("download: %s", resp.Status)
	}
	return io.ReadAll(io.LimitReader(resp.Body, maxDownload))
}
