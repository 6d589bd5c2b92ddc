package engine

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

// fetchTimeout bounds fetching one file.
const fetchTimeout = 30 * time.Second

// Reasons why a file is not fetched.
var (
	errFetchAddress = errors.New("the address is not public")
	errFetchURL     = errors.New("not an http or https URL")
	errFetchLarge   = errors.New("the file is too large")
)

// fetcher gets files from URLs that a caller names. The address is checked after its name was resolved, when the
// connection is made, so that no name can lead into a private network; there are no redirects and no proxy.
type fetcher struct {
	client       *http.Client
	allowPrivate bool
}

func newFetcher(allowPrivate bool) *fetcher {
	f := &fetcher{allowPrivate: allowPrivate}
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: f.control}
	f.client = &http.Client{
		Timeout:       fetchTimeout,
		Transport:     &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: 10 * time.Second, MaxIdleConns: 1, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return f
}

// control sees the resolved address of every connection before it is made.
func (f *fetcher) control(_, address string, _ syscall.RawConn) error {
	if f.allowPrivate {
		return nil
	}
	at, err := netip.ParseAddrPort(address)
	if err != nil || !isPublic(at.Addr().Unmap()) {
		return errFetchAddress
	}
	return nil
}

// notPublic lists the ranges that the standard library's tests leave out: shared address space, benchmarks,
// documentation, reserved, and the IPv6 forms that embed IPv4 addresses.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("100::/64"),
}

func isPublic(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// fetch gets at most limit bytes.
func (f *fetcher) fetch(ctx context.Context, raw string, limit int64) ([]byte, error) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return nil, errFetchURL
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, errFetchURL
	}
	resp, err := f.client.Do(req)
	if errors.Is(err, errFetchAddress) {
		return nil, errFetchAddress
	}
	if err != nil {
		return nil, errors.New("the file could not be fetched")
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server answered %d", resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, errors.New("the file did not arrive whole")
	}
	if int64(len(data)) > limit {
		return nil, errFetchLarge
	}
	return data, nil
}
