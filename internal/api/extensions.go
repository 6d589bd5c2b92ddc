package api

import (
	"maps"
	"slices"
)

// The actions below are the embedded engine's own: the platform has no keepers of seals, and knows nobody's organisation. The cloud answers
// them with InvalidAction, so that a portal before the cloud does not call them. Each tells the whole of what holds from now on; telling it
// twice changes nothing.

// The states of a seal (SetSealUse.State).
const (
	SealActive    = "ACTIVE"
	SealDisabled  = "DISABLED"  // not to be used for now
	SealDestroyed = "DESTROYED" // never again
)

// SealKeeper is somebody who may use a seal, for a term or without end.
type SealKeeper struct {
	UserId string `json:"UserId" validate:"required"`
	// From and Until bound the term in Unix seconds, Until exclusive; 0 is no bound.
	From  int64 `json:"From,omitempty" validate:"gte=0"`
	Until int64 `json:"Until,omitempty" validate:"gte=0"`
}

// SetSealUse tells who alone may use a seal of the organisation that calls, and whether it may be used at all. DESTROYED is for ever.
var SetSealUse = Action[SetSealUseRequest, SetSealUseResponse]{"SetSealUse"}

// SetSealUseRequest is what SetSealUse takes.
type SetSealUseRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	SealId string `json:"SealId" validate:"required"`
	State  string `json:"State" validate:"required,oneof=ACTIVE DISABLED DESTROYED"`
	// Keepers are all who may use the seal; with none nobody may.
	Keepers []SealKeeper `json:"Keepers,omitempty" validate:"max=1000,dive"`
}

// SetSealUseResponse is what SetSealUse answers.
type SetSealUseResponse struct {
	RequestId string `json:"RequestId"`
}

// SetOrganizationMembers tells who alone signs for the organisation that calls.
var SetOrganizationMembers = Action[SetOrganizationMembersRequest, SetOrganizationMembersResponse]{"SetOrganizationMembers"}

// SetOrganizationMembersRequest is what SetOrganizationMembers takes.
type SetOrganizationMembersRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// UserIds are all who sign for the organisation; with none nobody does.
	UserIds []string `json:"UserIds,omitempty" validate:"max=100000"`
}

// SetOrganizationMembersResponse is what SetOrganizationMembers answers.
type SetOrganizationMembersResponse struct {
	RequestId string `json:"RequestId"`
}

// extensions tells the codes of the actions that the platform does not have.
var extensions = map[string][]string{
	SetSealUse.Name:             {CodeInternalError, CodeInvalidParameterValue, CodeMissingParameter, CodeOperationDenied, CodeResourceNotFound},
	SetOrganizationMembers.Name: {CodeInternalError, CodeInvalidParameterValue, CodeMissingParameter, CodeResourceNotFound},
}

// Extensions lists, sorted, the actions that only the embedded engine has.
func Extensions() []string { return slices.Sorted(maps.Keys(extensions)) }
