package api

// CreateSubOrganization registers a sub-organisation. It begins as not verified.
var CreateSubOrganization = Action[CreateSubOrganizationRequest, CreateSubOrganizationResponse]{"CreateSubOrganization"}

// CreateSubOrganizationRequest is what CreateSubOrganization takes.
type CreateSubOrganizationRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// IdCardType is one of OrganizationIDCardTypes.
	IdCardType   string `json:"IdCardType" validate:"required,oneof=USCC BIZREGISTNO"`
	IdCardNumber string `json:"IdCardNumber" validate:"required"`
	// OrganizationType is one of OrganizationTypes.
	OrganizationType string `json:"OrganizationType" validate:"required,oneof=ENTERPRISE INDIVIDUALBIZ PUBLICINSTITUTION OTHERS"`
	// LegalName and the fields after it describe the legal representative.
	LegalName string `json:"LegalName" validate:"required" mask:"name"`
	// LegalIdCardType is one of IDCardTypes.
	LegalIdCardType   string `json:"LegalIdCardType" validate:"required,idcardtype"`
	LegalIdCardNumber string `json:"LegalIdCardNumber" validate:"required" mask:"number"`
	Name              string `json:"Name" validate:"required"`
	// OpenId is the caller's own id, at most 32 characters, new to the application.
	OpenId string `json:"OpenId,omitempty" validate:"omitempty,max=32"`
	// UseOpenId makes OpenId the platform's id as well.
	UseOpenId bool `json:"UseOpenId,omitempty"`
	// IdCardFileType is USCCFILE or LICENSEFILE; Tencent's example sends a third one.
	IdCardFileType string `json:"IdCardFileType,omitempty"`
	// BizLicenseFile is a picture of the business licence as base64.
	BizLicenseFile     string `json:"BizLicenseFile,omitempty" mask:"binary"`
	BizLicenseFileName string `json:"BizLicenseFileName,omitempty"`
	LegalMobile        string `json:"LegalMobile,omitempty" mask:"mobile"`
	ContactName        string `json:"ContactName,omitempty" mask:"name"`
	// VerifyClientIp is the address from which the organisation was verified.
	VerifyClientIp string `json:"VerifyClientIp,omitempty"`
	// VerifyServerIp is the address of the server that did it.
	VerifyServerIp string   `json:"VerifyServerIp,omitempty"`
	ContactAddress *Address `json:"ContactAddress,omitempty"`
	Email          string   `json:"Email,omitempty" mask:"email"`
}

// CreateSubOrganizationResponse is what CreateSubOrganization answers.
type CreateSubOrganizationResponse struct {
	SubOrganizationId string `json:"SubOrganizationId"`
	RequestId         string `json:"RequestId"`
}

// CreateSubOrganizationAndSeal registers a sub-organisation that the caller has verified elsewhere, and draws its default seal
// (white list).
var CreateSubOrganizationAndSeal = Action[CreateSubOrganizationAndSealRequest, CreateSubOrganizationAndSealResponse]{"CreateSubOrganizationAndSeal"}

// CreateSubOrganizationAndSealRequest is what CreateSubOrganizationAndSeal takes.
type CreateSubOrganizationAndSealRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	Name   string `json:"Name" validate:"required"`
	// IdCardType is one of OrganizationIDCardTypes.
	IdCardType   string `json:"IdCardType" validate:"required,oneof=USCC BIZREGISTNO"`
	IdCardNumber string `json:"IdCardNumber" validate:"required"`
	// OrganizationType is one of OrganizationTypes.
	OrganizationType string `json:"OrganizationType" validate:"required,oneof=ENTERPRISE INDIVIDUALBIZ PUBLICINSTITUTION OTHERS"`
	// LegalName and the fields after it describe the legal representative.
	LegalName string `json:"LegalName" validate:"required" mask:"name"`
	// LegalIdCardType is one of IDCardTypes.
	LegalIdCardType   string `json:"LegalIdCardType" validate:"required,idcardtype"`
	LegalIdCardNumber string `json:"LegalIdCardNumber" validate:"required" mask:"number"`
	// VerifyClientIp is the address from which the organisation was verified.
	VerifyClientIp string `json:"VerifyClientIp" validate:"required"`
	Email          string `json:"Email,omitempty" mask:"email"`
	// IdCardFileType is USCCFILE or LICENSEFILE; Tencent's example sends a third one.
	IdCardFileType string `json:"IdCardFileType,omitempty"`
	// BizLicenseFile is a picture of the business licence as base64.
	BizLicenseFile     string `json:"BizLicenseFile,omitempty" mask:"binary"`
	BizLicenseFileName string `json:"BizLicenseFileName,omitempty"`
	LegalMobile        string `json:"LegalMobile,omitempty" mask:"mobile"`
	ContactName        string `json:"ContactName,omitempty" mask:"name"`
	// VerifyServerIp is the address of the server that did it.
	VerifyServerIp string   `json:"VerifyServerIp,omitempty"`
	ContactAddress *Address `json:"ContactAddress,omitempty"`
	SealName       string   `json:"SealName,omitempty"`
	// SealType is one of OrganizationSealTypes; CONTRACT where it is empty.
	SealType string `json:"SealType,omitempty" validate:"omitempty,oneof=OFFICIAL SPECIAL_FINANCIAL CONTRACT LEGAL_REPRESENTATIVE SPECIAL_NATIONWIDE_INVOICE OTHER"`
	// SealHorizontalText stands across the seal, at most 8 characters; 电子签名专用章 where it is empty.
	SealHorizontalText string `json:"SealHorizontalText,omitempty" validate:"omitempty,max=8"`
	// OpenId is the caller's own id, at most 32 characters, new to the application.
	OpenId string `json:"OpenId,omitempty" validate:"omitempty,max=32"`
	// UseOpenId makes OpenId the platform's id as well.
	UseOpenId bool `json:"UseOpenId,omitempty"`
}

// CreateSubOrganizationAndSealResponse is what CreateSubOrganizationAndSeal answers.
type CreateSubOrganizationAndSealResponse struct {
	SubOrganizationId string `json:"SubOrganizationId"`
	SealId            string `json:"SealId"`
	RequestId         string `json:"RequestId"`
}

// ModifySubOrganizationInfo changes a sub-organisation, which Caller.SubOrganizationId names, or else OpenId. A new name or
// licence makes it unverified again; its number cannot be changed. What is left empty stays.
var ModifySubOrganizationInfo = Action[ModifySubOrganizationInfoRequest, ModifySubOrganizationInfoResponse]{"ModifySubOrganizationInfo"}

// ModifySubOrganizationInfoRequest is what ModifySubOrganizationInfo takes.
type ModifySubOrganizationInfoRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// OpenId names the sub-organisation by the caller's own id.
	OpenId string `json:"OpenId,omitempty" validate:"omitempty,max=32"`
	Name   string `json:"Name,omitempty"`
	// OrganizationType is one of OrganizationTypes.
	OrganizationType string `json:"OrganizationType,omitempty" validate:"omitempty,oneof=ENTERPRISE INDIVIDUALBIZ PUBLICINSTITUTION OTHERS"`
	// BizLicenseFile is a picture of the business licence as base64.
	BizLicenseFile     string `json:"BizLicenseFile,omitempty" mask:"binary"`
	BizLicenseFileName string `json:"BizLicenseFileName,omitempty"`
	// LegalName and the fields after it describe the legal representative.
	LegalName string `json:"LegalName,omitempty" mask:"name"`
	// LegalIdCardType is one of IDCardTypes.
	LegalIdCardType   string   `json:"LegalIdCardType,omitempty" validate:"omitempty,idcardtype"`
	LegalIdCardNumber string   `json:"LegalIdCardNumber,omitempty" mask:"number"`
	LegalMobile       string   `json:"LegalMobile,omitempty" mask:"mobile"`
	ContactName       string   `json:"ContactName,omitempty" mask:"name"`
	ContactAddress    *Address `json:"ContactAddress,omitempty"`
	Email             string   `json:"Email,omitempty" mask:"email"`
}

// ModifySubOrganizationInfoResponse is what ModifySubOrganizationInfo answers.
type ModifySubOrganizationInfoResponse struct {
	SubOrganizationId string `json:"SubOrganizationId"`
	RequestId         string `json:"RequestId"`
}

// VerifySubOrganization marks a sub-organisation as verified by the caller (white list). Caller.SubOrganizationId names it, or
// else OpenId.
var VerifySubOrganization = Action[VerifySubOrganizationRequest, VerifySubOrganizationResponse]{"VerifySubOrganization"}

// VerifySubOrganizationRequest is what VerifySubOrganization takes.
type VerifySubOrganizationRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	// OpenId names the sub-organisation by the caller's own id.
	OpenId string `json:"OpenId,omitempty" validate:"omitempty,max=32"`
}

// VerifySubOrganizationResponse is what VerifySubOrganization answers.
type VerifySubOrganizationResponse struct {
	SubOrganizationId string `json:"SubOrganizationId"`
	RequestId         string `json:"RequestId"`
}

// DescribeSubOrganizations reads sub-organisations of the caller's application by their ids. No action lists them.
var DescribeSubOrganizations = Action[DescribeSubOrganizationsRequest, DescribeSubOrganizationsResponse]{"DescribeSubOrganizations"}

// DescribeSubOrganizationsRequest is what DescribeSubOrganizations takes.
type DescribeSubOrganizationsRequest struct {
	Caller             Caller   `json:"Caller" form:"-" validate:"required"`
	SubOrganizationIds []string `json:"SubOrganizationIds" validate:"required,min=1,dive,required"`
}

// DescribeSubOrganizationsResponse is what DescribeSubOrganizations answers.
type DescribeSubOrganizationsResponse struct {
	SubOrganizationInfos []SubOrganizationDetail `json:"SubOrganizationInfos"`
	RequestId            string                  `json:"RequestId"`
}
