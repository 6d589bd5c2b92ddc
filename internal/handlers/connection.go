package handlers

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

const (
	// testTimeout is how long a test of the connection may take, with everything that is tried again.
	testTimeout = 20 * time.Second
	// The platform refuses what is signed more than five minutes off; somebody should know before.
	skewNotable = 60 * time.Second
	skewMinor   = 2 * time.Second // the platform tells its time in whole seconds
)

// testConnection asks the platform for a sub-organisation that does not exist: a read that every application may do. Any answer but one
// about the signature or the rights shows that the settings are good.
func (s *server) testConnection(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), testTimeout)
	defer cancel()
	start := time.Now()
	_, err := api.DescribeSubOrganizations.Call(ctx, s.client, &api.DescribeSubOrganizationsRequest{
		SubOrganizationIds: []string{strings.Repeat("0", 32)},
	})
	result := &templates.TestResult{OK: true, Milliseconds: strconv.FormatInt(time.Since(start).Milliseconds(), 10)}
	var refused *api.Error
	switch {
	case err == nil:
	case errors.As(err, &refused):
		result.OK = slices.Contains([]string{"ResourceNotFound", "InvalidParameter", "InvalidParameterValue"}, family(refused.Code))
		result.Code, result.Text = refused.Code, refusalText(ctx, refused.Code)
	default:
		result.OK, result.Text = false, i18n.T(ctx, "settings.test."+silence(err), "Host", hostOf(s.platform.Endpoint))
	}
	if err == nil || refused != nil {
		result.Clock, result.ClockOff = s.clockText(ctx)
	}
	if isPartial(r) {
		return s.fragment(w, r, http.StatusOK, templates.ConnectionTest(result))
	}
	return s.render(w, r, http.StatusOK, settingsPage(), templates.ConnectionTest(result))
}

// refusalText says what is wrong with the settings, and what to do: whoever tests the connection is the administrator whom the texts of
// errors send other people to.
func refusalText(ctx context.Context, code string) string {
	if key := "settings.test." + code; i18n.Has(ctx, key) {
		return i18n.T(ctx, key)
	}
	return i18n.ErrorText(ctx, code)
}

// silence names the reason why no answer came, as the end of a catalogue key.
func silence(err error) string {
	var (
		name    *net.DNSError
		record  tls.RecordHeaderError
		trust   *tls.CertificateVerificationError
		timeout net.Error
		sent    *url.Error
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &name):
		return "dns"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "expired"
	case errors.As(err, &trust), errors.As(err, &record):
		return "tls"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.As(err, &sent):
		return "noAnswer"
	}
	return "stranger" // something answered, but not as the platform does
}

// hostOf is the host of an address; of the embedded engine, which has none, its name.
func hostOf(endpoint string) string {
	if u, err := url.Parse(endpoint); err == nil && u.Host != "" {
		return u.Host
	}
	return endpoint
}

// clockText tells how far this machine's clock is from the platform's, where that tells its time; off says that it should be set.
func (s *server) clockText(ctx context.Context) (text string, off bool) {
	ahead, ok := s.client.ClockAhead()
	if !ok {
		return "", false
	}
	seconds := int(math.Round(ahead.Abs().Seconds()))
	switch {
	case ahead.Abs() <= skewMinor:
		return i18n.T(ctx, "settings.clock.same"), false
	case ahead > 0:
		return i18n.T(ctx, "settings.clock.behind", "Seconds", seconds), ahead > skewNotable
	}
	return i18n.T(ctx, "settings.clock.ahead", "Seconds", seconds), ahead < -skewNotable
}
