package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

func settingsPage() page { return page{Title: "settings.title", Active: "settings"} }

// showSettings shows how the portal is set up.
func (s *server) showSettings(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, r, http.StatusOK, settingsPage(), templates.Settings(s.settings(), policyForm(r.Context(), s.db.Policy())))
}

// policyForm is the policy of log-ins as a form.
func policyForm(ctx context.Context, p auth.Policy) templates.PolicyData {
	lives := func(choices []time.Duration) []templates.Option {
		options := make([]templates.Option, len(choices))
		for i, d := range choices {
			options[i] = templates.Option{Value: d.String(), Text: lifeText(ctx, d)}
		}
		return options
	}
	data := templates.PolicyData{SecondFactor: p.SecondFactor, Idle: p.SessionIdle.String(), Absolute: p.SessionAbsolute.String(), LinkLife: p.LinkLife.String(),
		Idles: lives(auth.IdleChoices), Absolutes: lives(auth.AbsoluteChoices), LinkLives: lives(auth.LinkChoices)}
	for _, choice := range auth.FactorChoices {
		data.SecondFactors = append(data.SecondFactors, templates.Option{Value: choice, Text: i18n.T(ctx, "security.policy.factor."+choice)})
	}
	return data
}

// changePolicy takes another policy of log-ins. The form offers choices only, so that anything else is no form of ours.
func (s *server) changePolicy(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(r); err != nil {
		return err
	}
	life := func(name string) time.Duration {
		d, _ := time.ParseDuration(r.PostForm.Get(name)) // zero is no choice
		return d
	}
	p := auth.Policy{SecondFactor: r.PostForm.Get("SecondFactor"), SessionIdle: life("Idle"), SessionAbsolute: life("Absolute"), LinkLife: life("LinkLife")}
	if err := p.Check(); err != nil {
		return &badRequest{err}
	}
	if err := s.db.SetPolicy(r.Context(), p); err != nil {
		return err
	}
	s.flash(r, "ok", "common.saved")
	return s.redirect(w, r, "/settings")
}

func (s *server) settings() templates.SettingsData {
	p := s.platform
	return templates.SettingsData{Embedded: p.IsEmbedded(), Endpoint: p.Endpoint, Region: p.Region, Application: p.ApplicationID,
		SecretID: maskSecret(p.SecretID), PublicURL: s.publicURL, EngineURL: s.engineURL, Version: s.version, TLS: isTLS(s.publicURL)}
}

// maskSecret leaves the ends of a secret id, enough to tell two apart.
func maskSecret(id string) string {
	if len(id) < 12 {
		return strings.Repeat("*", len(id))
	}
	return id[:4] + strings.Repeat("*", 8) + id[len(id)-4:]
}

// testConnection asks the platform for a sub-organisation that does not exist: a read that every application may do. Any answer but one
// about the signature or the rights shows that the settings are good.
func (s *server) testConnection(w http.ResponseWriter, r *http.Request) error {
	start := time.Now()
	_, err := api.DescribeSubOrganizations.Call(r.Context(), s.client, &api.DescribeSubOrganizationsRequest{
		SubOrganizationIds: []string{strings.Repeat("0", 32)},
	})
	result := &templates.TestResult{OK: true, Milliseconds: strconv.FormatInt(time.Since(start).Milliseconds(), 10)}
	var refused *api.Error
	switch {
	case err == nil:
	case errors.As(err, &refused):
		result.OK = slices.Contains([]string{"ResourceNotFound", "InvalidParameter", "InvalidParameterValue"}, family(refused.Code))
		result.Code, result.Text = refused.Code, i18n.ErrorText(r.Context(), refused.Code)
	default:
		result.OK, result.Text = false, i18n.T(r.Context(), "settings.test.noAnswer")
	}
	if isPartial(r) {
		return s.fragment(w, r, http.StatusOK, templates.ConnectionTest(result))
	}
	return s.render(w, r, http.StatusOK, settingsPage(), templates.ConnectionTest(result))
}
