package handlers

import (
	"context"
	"net/http"
	"strings"
	"time"

	"sealdesk/internal/auth"
	"sealdesk/internal/i18n"
	"sealdesk/web/templates"
)

func settingsPage() page { return page{Title: "settings.title", Active: "settings"} }

// showSettings shows how the portal is set up.
func (s *server) showSettings(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, r, http.StatusOK, settingsPage(), templates.Settings(s.settingsData(), policyForm(r.Context(), s.db.Policy())))
}

// policyForm is the policy of log-ins and signing as a form.
func policyForm(ctx context.Context, p auth.Policy) templates.PolicyData {
	lives := func(choices []time.Duration) []templates.Option {
		options := make([]templates.Option, len(choices))
		for i, d := range choices {
			options[i] = templates.Option{Value: d.String(), Text: lifeText(ctx, d)}
		}
		return options
	}
	data := templates.PolicyData{SecondFactor: p.SecondFactor, Idle: p.SessionIdle.String(), Absolute: p.SessionAbsolute.String(), LinkLife: p.LinkLife.String(), LinkOnly: p.LinkOnly,
		Idles: lives(auth.IdleChoices), Absolutes: lives(auth.AbsoluteChoices), LinkLives: lives(auth.LinkChoices)}
	for _, choice := range auth.FactorChoices {
		data.SecondFactors = append(data.SecondFactors, templates.Option{Value: choice, Text: i18n.T(ctx, "security.policy.factor."+choice)})
	}
	return data
}

// changePolicy takes another policy of log-ins and signing. The form offers choices only, so that anything else is no form of ours.
func (s *server) changePolicy(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(r); err != nil {
		return err
	}
	life := func(name string) time.Duration {
		d, _ := time.ParseDuration(r.PostForm.Get(name)) // zero is no choice
		return d
	}
	p := auth.Policy{SecondFactor: r.PostForm.Get("SecondFactor"), SessionIdle: life("Idle"), SessionAbsolute: life("Absolute"), LinkLife: life("LinkLife"),
		LinkOnly: r.PostForm.Get("LinkOnly") != ""}
	if err := p.Check(); err != nil {
		return &badRequest{err}
	}
	if err := s.db.SetPolicy(r.Context(), p); err != nil {
		return err
	}
	s.flash(r, "ok", "common.saved")
	return s.redirect(w, r, "/settings")
}

func (s *server) settingsData() templates.SettingsData {
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

// showConfiguration lists what the program was started with, and where each of it came from.
func (s *server) showConfiguration(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	items := make([]templates.ConfigurationItem, len(s.settings))
	for i, setting := range s.settings {
		items[i] = templates.ConfigurationItem{Name: setting.Name, Env: setting.Env, Value: setting.Value, Hidden: setting.Secret && setting.Set, Source: setting.Source}
	}
	p := settingsPage()
	p.Title, p.Back = "settings.configuration", backTo(ctx, "/settings", "settings.title")
	return s.render(w, r, http.StatusOK, p, templates.Configuration(items))
}
