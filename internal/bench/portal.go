package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/config"
	"sealdesk/internal/db"
	"sealdesk/internal/demo"
	"sealdesk/internal/files"
	"sealdesk/internal/handlers"
	"sealdesk/internal/routing"
	"sealdesk/internal/watch"
)

const (
	portalURL      = "http://127.0.0.1:8080"
	portalPassword = "bench-bench-bench"
)

// portal is a portal over the engine of a world, with an administrator logged in. It has no listener of its own.
type portal struct {
	*world

	db      *db.DB
	handler http.Handler
	cookie  string       // of the session
	calls   atomic.Int64 // of the platform
}

// newPortal opens a portal; filled puts the demo data in, else it has an account and nothing else.
func newPortal(ctx context.Context, filled bool) (p *portal, err error) {
	p = &portal{}
	if p.world, err = openWorld(ctx); err != nil {
		return p, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	if p.db, err = db.Open(ctx, db.Options{Dir: filepath.Join(p.folder, "portal")}); err != nil {
		return p, err
	}
	client, err := api.NewClient(api.ClientOptions{Endpoint: p.keys.Endpoint, Region: p.keys.Region, SecretID: p.keys.SecretID, SecretKey: p.keys.SecretKey,
		ApplicationID: p.keys.ApplicationID, Transport: p.counted(p.engine.Transport()), Recorder: p.db.Recorder()})
	if err != nil {
		return p, err
	}
	logger, store := slog.New(slog.DiscardHandler), files.OpenMemory()
	router, errA := routing.New(routing.Options{DB: p.db, Client: client, Files: store, Logger: logger, Clock: time.Now})
	watcher, errB := watch.New(watch.Options{DB: p.db, Client: client, Routing: router, Logger: logger, Clock: time.Now})
	if err := errors.Join(errA, errB); err != nil {
		return p, err
	}
	p.handler, err = handlers.New(handlers.Options{DB: p.db, Client: client, Files: store, Renderer: p.renderer, Face: p.face, Routing: router, Watch: watcher,
		Platform:  config.Platform{Endpoint: config.Embedded, SecretID: p.keys.SecretID, ApplicationID: p.keys.ApplicationID},
		PublicURL: portalURL, EngineURL: p.keys.Endpoint, Version: "bench", Logger: logger, Clock: time.Now})
	if err != nil {
		return p, err
	}
	if filled {
		err = demo.Fill(ctx, demo.Portal{
			Options: demo.Options{Client: client, Face: p.face, Clock: time.Now, Download: func(ctx context.Context, link string) ([]byte, error) {
				data, _, err := client.Download(ctx, link, 10<<20)
				return data, err
			}, ShowFace: p.engine.PassFaceCheck},
			DB: p.db, Files: store, Renderer: p.renderer, Router: router, Watch: watcher, Password: portalPassword})
	} else {
		err = p.addAdmin(ctx)
	}
	if err != nil {
		return p, err
	}
	return p, p.logIn(ctx)
}

func (p *portal) Close() error {
	var err error
	if p.db != nil {
		err = p.db.Close()
	}
	return errors.Join(err, p.world.Close())
}

func (p *portal) addAdmin(ctx context.Context) error {
	hash, err := auth.Hash(ctx, portalPassword)
	if err != nil {
		return err
	}
	_, err = p.db.AddAccount(ctx, db.NewAccount{Name: string(auth.Admin), DisplayName: string(auth.Admin), Role: auth.Admin, PasswordHash: hash, Scope: db.Everything()})
	return err
}

func (p *portal) logIn(ctx context.Context) error {
	form := url.Values{"Name": {string(auth.Admin)}, "Password": {portalPassword}}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, portalURL+"/login", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", portalURL)
	out := httptest.NewRecorder()
	p.handler.ServeHTTP(out, r)
	for _, c := range out.Result().Cookies() {
		if c.Value != "" {
			p.cookie = c.Name + "=" + c.Value
		}
	}
	if out.Code != http.StatusSeeOther || p.cookie == "" {
		return fmt.Errorf("log in: answer %d", out.Code)
	}
	return nil
}

// counted counts the calls of the platform.
func (p *portal) counted(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		p.calls.Add(1)
		return next.RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// request writes a GET of the logged-in administrator as it goes over the wire.
func (p *portal) request(host, path string) ([]byte, error) {
	r, err := http.NewRequest(http.MethodGet, "http://"+host+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Cookie", p.cookie)
	r.Header.Set("Accept-Language", "zh-CN")
	var out bytes.Buffer
	err = r.Write(&out)
	return out.Bytes(), err
}

// get asks for a page without a network between, and gives its body as the browser would get it: compressed with brotli.
func (p *portal) get(ctx context.Context, path string) (status int, body []byte, contentType string) {
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, portalURL+path, nil)
	r.Header.Set("Cookie", p.cookie)
	r.Header.Set("Accept-Language", "zh-CN")
	r.Header.Set("Accept-Encoding", "br")
	out := httptest.NewRecorder()
	p.handler.ServeHTTP(out, r)
	body, _ = io.ReadAll(out.Body) // a buffer
	return out.Code, body, out.Header().Get("Content-Type")
}
