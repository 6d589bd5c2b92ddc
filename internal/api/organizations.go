package api

// CreateSubOrganization: register a sub-org.
var CreateSubOrganization = Action[CreateSubOrganizationRequest, CreateSubOrganizationResponse]{"CreateSubOrganization"}

// CreateSubOrganizationRequest is what CreateSubOrganization takes.
type CreateSubOrganizationRequest struct {
	Caller             Caller   `json:"Caller" form:"-" validate:"required"`
	IdCardType         string   `json:"IdCardType" validate:"required,oneof=USCC BIZREGISTNO"`
	IdCardNumber       string   `json:"IdCardNumber" validate:"required"`
	OrganizationType   string   `json:"OrganizationType" validate:"required,oneof=ENTERPRISE INDIVIDUALBIZ PUBLICINSTITUTION OTHERS"`
	LegalName          string   `json:"LegalName" validate:"required" mask:"name"`
	LegalIdCardType    string   `json:"LegalIdCardType" validate:"required,idcardtype"`
	LegalIdCardNumber  string   `json:"LegalIdCardNumber" validate:"required" mask:"number"`
	Name               string   `json:"Name" validate:"required"`
	OpenId             string   `json:"OpenId,omitempty" validate:"omitempty,max=32"`
	UseOpenId          bool     `json:"UseOpenId,omitempty"`
	IdCardFileType     string   `json:"IdCardFileType,omitempty"`
	BizLicenseFile     string   `json:"BizLicenseFile,omitempty" mask:"binary"`
	BizLicenseFileName string   `json:"BizLicenseFileName,omitempty"`
	LegalMobile        string   `json:"LegalMobile,omitempty" mask:"mobile"`
	ContactName        string   `json:"ContactName,omitempty" mask:"name"`
	VerifyClientIp     string   `json:"VerifyClientIp,omitempty"`
	VerifyServerIp     string   `json:"VerifyServerIp,omitempty"`
	ContactAddress     *Address `json:"ContactAddress,omitempty"`
	Email              string   `json:"Email,omitempty" mask:"email"`
}

// CreateSubOrganizationResponse is what CreateSubOrganization answers.
type CreateSubOrganizationResponse struct {
	SubOrganizationId string `json:"SubOrganizationId"`
	RequestId         string `json:"RequestId"`
}

// CreateSubOrganizationAndSeal: register + verified + default seal; white list.
var CreateSubOrganizationAndSeal = Action[CreateSubOrganizationAndSealRequest, CreateSubOrganizationAndSealResponse]{"CreateSubOrganizationAndSeal"}

// CreateSubOrganizationAndSealRequest is what CreateSubOrganizationAndSeal takes.
type CreateSubOrganizationAndSealRequest struct {
	Caller             Caller   `json:"Caller" form:"-" validate:"required"`
	Name               string   `json:"Name" validate:"required"`
	IdCardType         string   `json:"IdCardType" validate:"required,oneof=USCC BIZREGISTNO"`
	IdCardNumber       string   `json:"IdCardNumber" validate:"required"`
	OrganizationType   string   `json:"OrganizationType" validate:"required,oneof=ENTERPRISE INDIVIDUALBIZ PUBLICINSTITUTION OTHERS"`
	LegalName          string   `json:"LegalName" validate:"required" mask:"name"`
	LegalIdCardType    string   `json:"LegalIdCardType" validate:"required,idcardtype"`
	LegalIdCardNumber  string   `json:"LegalIdCardNumber" validate:"required" mask:"number"`
	VerifyClientIp     string   `json:"VerifyClientIp" validate:"required"`
	Email              string   `json:"Email,omitempty" mask:"email"`
	IdCardFileType     string   `json:"IdCardFileType,omitempty"`
	BizLicenseFile     string   `json:"BizLicenseFile,omitempty" mask:"binary"`
	BizLicenseFileName string   `json:"BizLicenseFileName,omitempty"`
	LegalMobile        string   `json:"LegalMobile,omitempty" mask:"mobile"`
	ContactName        string   `json:"ContactName,omitempty" mask:"name"`
	VerifyServerIp     string   `json:"VerifyServerIp,omitempty"`
	ContactAddress     *Address `json:"ContactAddress,omitempty"`
	SealName           string   `json:"SealName,omitempty"`
	SealType           string   `json:"SealType,omitempty" validate:"omitempty,oneof=OFFICIAL SPECIAL_FINANCIAL CONTRACT LEGAL_REPRESENTATIVE SPECIAL_NATIONWIDE_INVOICE OTHER"`
	SealHorizontalText string   `json:"SealHorizontalText,omitempty" validate:"omitempty,max=8"`
	OpenId             string   `json:"OpenId,omitempty" validate:"omitempty,max=32"`
	UseOpenId          bool     `json:"UseOpenId,omitempty"`
}

// CreateSubOrganizationAndSealResponse is what CreateSubOrganizationAndSeal answers.
type CreateSubOrganizationAndSealResponse struct {
	SubOrganizationId string `json:"SubOrganizationId"`
	SealId            string `json:"SealId"`
	RequestId         string `json:"RequestId"`
}

// ModifySubOrganizationInfo: update a sub-org.
var ModifySubOrganizationInfo = Action[ModifySubOrganizationInfoRequest, ModifySubOrganizationInfoResponse]{"ModifySubOrganizationInfo"}

// ModifySubOrganizationInfoRequest is what ModifySubOrganizationInfo takes.
type ModifySubOrganizationInfoRequest struct {
	Caller             Caller   `json:"Caller" form:"-" validate:"required"`
	OpenId             string   `json:"OpenId,omitempty" validate:"omitempty,max=32"`
	Name               string   `json:"Name,omitempty"`
	OrganizationType   string   `json:"OrganizationType,omitempty" validate:"omitempty,oneof=ENTERPRISE INDIVIDUALBIZ PUBLICINSTITUTION OTHERS"`
	BizLicenseFile     string   `json:"BizLicenseFile,omitempty" mask:"binary"`
	BizLicenseFileName string   `json:"BizLicenseFileName,omitempty"`
	LegalName          string   `json:"LegalName,omitempty" mask:"name"`
	LegalIdCardType    string   `json:"LegalIdCardType,omitempty" validate:"omitempty,idcardtype"`
	LegalIdCardNumber  string   `json:"LegalIdCardNumber,omitempty" mask:"number"`
	LegalMobile        string   `json:"LegalMobile,omitempty" mask:"mobile"`
	ContactName        string   `json:"ContactName,omitempty" mask:"name"`
	ContactAddress     *Address `json:"ContactAddress,omitempty"`
	Email              string   `json:"Email,omitempty" mask:"email"`
}

// ModifySubOrganizationInfoResponse is what ModifySubOrganizationInfo answers.
type ModifySubOrganizationInfoResponse struct {
	SubOrganizationId string `json:"SubOrganizationId"`
	RequestId         string `json:"RequestId"`
}

// VerifySubOrganization: mark a sub-org verified; white list.
var VerifySubOrganization = Action[VerifySubOrganizationRequest, VerifySubOrganizationResponse]{"VerifySubOrganization"}

// VerifySubOrganizationRequest is what VerifySubOrganization takes.
type VerifySubOrganizationRequest struct {
	Caller Caller `json:"Caller" form:"-" validate:"required"`
	OpenId string `json:"OpenId,omitempty" validate:"omitempty,max=32"`
}

// VerifySubOrganizationResponse is what VerifySubOrganization answers.
type VerifySubOrganizationResponse struct {
	SubOrganizationId string `json:"SubOrganizationId"`
	RequestId         string `json:"RequestId"`
}

// DescribeSubOrganizations: read sub-orgs by id.
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
