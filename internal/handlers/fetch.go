package handlers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// maxDocument bounds what is fetched from the platform.
const maxDocument = 64 << 20

// fetchDocument gets a file from an address that the platform gave. Besides the embedded engine's own address, only public ones over
// TLS are asked, whatever the platform may say.
func (s *server) fetchDocument(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	engine, err := url.Parse(s.engineURL)
	if err != nil {
		return nil, fmt.Errorf("fetch: engine address: %w", err)
	}
	own := engine.Host != "" && u.Host == engine.Host && u.Scheme == engine.Scheme
	if !own && u.Scheme != "https" {
		return nil, fmt.Errorf("fetch: %s is not a secure address", u.Host)
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	if !own {
		dialer.Control = publicOnly
	}
	client := &http.Client{
		Timeout:       time.Minute,
		Transport:     &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true, TLSHandshakeTimeout: 10 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		// The address may hold a token, and errors go to the log.
		return nil, fmt.Errorf("fetch from %s: %w", u.Host, errors.Unwrap(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch from %s: status %d", u.Host, resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("fetch from %s: %w", u.Host, err)
	}
	if len(data) > maxDocument {
		return nil, fmt.Errorf("fetch from %s: more than %d bytes", u.Host, maxDocument)
	}
	return data, nil
}

// publicOnly refuses connections to this machine and to private networks, after names were resolved.
func publicOnly(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if ip := at.Addr().Unmap(); !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return fmt.Errorf("%s is not a public address", ip)
	}
	return nil
}
