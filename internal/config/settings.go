package config

import (
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// Where a setting came from.
const (
	FromFlag    = "flag"
	FromEnv     = "env"
	FromFile    = "file"
	FromDefault = "default"
)

// Setting is one flag of serve as it holds. Of a secret there is no value, only that it is set.
type Setting struct {
	Name   string // of the flag
	Env    string // of its environment variable
	Value  string // empty for a secret and for what is not set
	Secret bool
	Set    bool // there is a value
	Source string
}

// settings are the flags of the chosen command.
func settings(parsed *kong.Context) (list []Setting) {
	typed := make(map[string]bool)
	for _, part := range parsed.Path {
		if part.Flag != nil {
			typed[part.Flag.Name] = true
		}
	}
	for _, flag := range parsed.Flags() {
		if flag.Name == "help" {
			continue
		}
		s := Setting{Name: flag.Name, Secret: flag.Tag.Has("secret"), Source: FromDefault, Value: valueText(flag.Target.Interface())}
		for _, env := range flag.Envs {
			s.Env = env
			if _, given := os.LookupEnv(env); given {
				s.Source = FromEnv
			}
		}
		if typed[flag.Name] {
			s.Source = FromFlag
		}
		list = append(list, s)
	}
	return list
}

func valueText(value any) string {
	if several, ok := value.([]string); ok {
		return strings.Join(several, ", ")
	}
	return fmt.Sprint(value)
}

// effective fills in what follows from other settings, tells which secrets lie in files, and drops the secrets themselves.
func (c Config) effective(list []Setting) []Setting {
	derived := map[string]string{"data": c.Data, "public-url": c.PublicURL, "engine-url": c.EngineURL, "oidc-label": c.OIDC.Label}
	files := make(map[string]bool)
	for _, s := range list {
		if name, ok := strings.CutSuffix(s.Name, "-file"); ok && s.Value != "" {
			files[name] = true
		}
	}
	for i := range list {
		s := &list[i]
		if value := derived[s.Name]; value != "" {
			s.Value = value
		}
		if files[s.Name] {
			s.Source = FromFile
		}
		s.Set = s.Value != "" || files[s.Name]
		if s.Secret {
			s.Value = ""
		}
	}
	return list
}
